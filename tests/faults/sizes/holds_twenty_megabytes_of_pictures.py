"""Holds twenty megabytes of pictures."""

# expect: full
# form: 20 MB of outputs
