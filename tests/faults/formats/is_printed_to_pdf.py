"""Is printed to PDF."""

# expect: unreadable
# says: This is a file of type pdf
# form: pdf
