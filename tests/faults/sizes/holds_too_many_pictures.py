"""Holds more megabytes of pictures than a file may have."""

# expect: unreadable
# says: Clear its outputs
# form: 110 MB of outputs
