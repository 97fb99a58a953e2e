"""Is a notebook in another language."""

# expect: unreadable
# says: It is a notebook in R, not in Python
# form: in r
