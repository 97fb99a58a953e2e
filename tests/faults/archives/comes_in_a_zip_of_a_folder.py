"""Comes in a zip file with data, a link and copies beside it."""

# expect: full
# says: a1_layers (1).ipynb was graded
# form: zip of a folder
