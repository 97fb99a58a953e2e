"""Comes as something that only looks like a zip file."""

# expect: unreadable
# says: could not be opened as a zip file
# form: not a zip
