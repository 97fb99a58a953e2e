"""Holds both sides of a merge."""

# expect: unreadable
# says: merge conflict, the first at line 2
# form: conflict
