"""Comes as a tar archive, which is not opened at all."""

# expect: unreadable
# says: This is a gzip archive, which cannot be graded. Unpack it
# form: tar
