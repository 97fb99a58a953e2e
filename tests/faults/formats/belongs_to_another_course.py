"""Belongs to another course."""

# expect: unreadable
# says: None of the exercises of a1_layers is in this file. It holds 1 code cell; defined there: train.
# form: other course
