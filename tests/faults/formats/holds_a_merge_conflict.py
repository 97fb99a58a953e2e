"""Holds a merge conflict whose two sides have the same code."""

# expect: full
# says: Both sides have the same code, which was graded
# form: conflict
