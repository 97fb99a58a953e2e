"""Has a file name that ends in capital letters."""

# expect: full
# form: capital suffix
