"""Is of version 3 of the notebook format, with numbers where its cells should be."""

# expect: unreadable
# says: None of the exercises of a1_layers is in this file
# form: odd worksheets
