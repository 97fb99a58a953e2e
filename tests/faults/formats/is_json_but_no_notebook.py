"""Is JSON, but no notebook."""

# expect: unreadable
# says: not a notebook
# form: a list
