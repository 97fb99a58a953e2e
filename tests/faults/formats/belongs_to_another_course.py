"""Belongs to another course."""

# expect: unreadable
# says: None of the exercises of a1_layers is in this file
# form: other course
