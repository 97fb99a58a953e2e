"""Holds ten megabytes of code."""

# expect: unreadable
# form: 10 MB of code
