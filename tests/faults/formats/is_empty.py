# N8c · Is empty.
# expect: unreadable
# says: The file is empty
# form: empty
