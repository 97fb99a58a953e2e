"""Comes as two notebooks in one zip file."""

# expect: unreadable
# says: more than one notebook
# form: zip of two
