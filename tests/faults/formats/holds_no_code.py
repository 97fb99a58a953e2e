"""Holds no code."""

# expect: unreadable
# says: there is no Python code in it
# form: no code
