# N8 · Was cut off while it was saved.
# expect: unreadable
# says: cut off at byte
# form: truncated
