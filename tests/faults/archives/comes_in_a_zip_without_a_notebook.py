"""Comes as a zip file without a notebook."""

# expect: unreadable
# says: no notebook, only notes.txt
# form: zip of nothing
