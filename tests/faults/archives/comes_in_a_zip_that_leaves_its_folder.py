"""Comes in a zip file whose member would be unpacked outside it."""

# expect: unreadable
# says: names a place outside itself
# form: zip slip
