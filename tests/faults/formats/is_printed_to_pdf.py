"""Is printed to PDF."""

# expect: unreadable
# says: This is a PDF document, which cannot be graded.
# form: pdf
