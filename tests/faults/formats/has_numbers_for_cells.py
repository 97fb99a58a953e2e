"""Is of version 3 of the notebook format, with numbers where its cells should be."""

# expect: unreadable
# says: This is a notebook, but there is no Python code in it.
# form: odd worksheets
