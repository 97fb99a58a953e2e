"""Is saved in version 3 of the notebook format."""

# expect: full
# form: version 3
