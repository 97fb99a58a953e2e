"""Comes in a zip file whose member is a link."""

# expect: unreadable
# says: holds a link
# form: zip of a link
