"""Lacks all ids; the functions' names tell the answers."""

# expect: full
# form: no ids
