"""Is exported as HTML."""

# expect: unreadable
# says: This is a file of type html
# form: html
