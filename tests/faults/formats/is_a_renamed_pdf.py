"""Is a PDF that bears the name of a notebook."""

# expect: unreadable
# says: This is a PDF document, which cannot be graded.
# form: pdf named ipynb
