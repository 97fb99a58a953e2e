"""Lies within what a Jupyter server sends."""

# expect: full
# says: It was taken out and graded
# form: wrapped
