"""Comes in a zip file that unpacks to 300 MB."""

# expect: unreadable
# says: too large
# form: zip bomb
