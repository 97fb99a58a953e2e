"""Has a file name without an ending."""

# expect: full
# form: without an ending
