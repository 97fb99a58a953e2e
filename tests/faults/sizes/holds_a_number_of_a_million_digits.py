"""Holds a number of a million digits."""

# expect: unreadable
# form: long number
