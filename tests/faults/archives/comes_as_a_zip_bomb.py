# D12b · Is a zip bomb.
# expect: unreadable
# says: too large
# form: zip bomb
