"""Comes as a tar archive, which is not opened at all."""

# expect: unreadable
# says: This is a file of type tgz
# form: tar
