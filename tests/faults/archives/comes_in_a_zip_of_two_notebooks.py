"""Comes as two equal notebooks in one zip file, of which either will do."""

# expect: full
# says: more than one notebook; a.ipynb was graded
# form: zip of two
