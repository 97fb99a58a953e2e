"""Comes as two different notebooks in one zip file, of which none bears the released name."""

# expect: unreadable
# says: more than one notebook: a.ipynb and b.ipynb
# form: zip of two others
