"""Starts with a byte order mark."""

# expect: full
# form: bom
