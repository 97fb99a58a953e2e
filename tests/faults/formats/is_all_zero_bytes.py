"""Is nothing but zero bytes, as a copy that was broken off leaves them."""

# expect: unreadable
# says: nothing but zero bytes
# form: zero bytes
