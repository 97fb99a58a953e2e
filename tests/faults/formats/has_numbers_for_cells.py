# N9d · Is of version 3, with numbers where its cells should be.
# expect: unreadable
# says: None of the exercises of a1_layers is in this file
# form: odd worksheets
