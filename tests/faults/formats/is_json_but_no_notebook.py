"""Is JSON, but no notebook."""

# expect: unreadable
# says: not a notebook: it holds a list of length 3
# form: a list
