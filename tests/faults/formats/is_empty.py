"""Is empty."""

# expect: unreadable
# says: The file is empty
# form: empty
