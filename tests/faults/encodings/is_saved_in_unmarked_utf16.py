"""Is saved in UTF-16 without a byte order mark."""

# expect: full
# form: unmarked utf16
