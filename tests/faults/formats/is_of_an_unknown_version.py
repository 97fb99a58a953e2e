"""Is saved in a version of the notebook format that nobody knows yet."""

# expect: full
# form: version 5
