"""Is saved in UTF-16."""

# expect: full
# form: utf16
