"""Comes in a zip file, as learning platforms hand them out."""

# expect: full
# form: zip
