"""Comes as a zip file without a notebook."""

# expect: unreadable
# says: no notebook
# form: zip of nothing
