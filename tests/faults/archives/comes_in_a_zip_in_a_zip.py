"""Comes as a zip file in a zip file."""

# expect: unreadable
# says: another archive
# form: zip of zips
