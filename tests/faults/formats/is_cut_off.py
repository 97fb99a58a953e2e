"""Is cut off before its end."""

# expect: unreadable
# says: cut off at byte
# form: truncated
