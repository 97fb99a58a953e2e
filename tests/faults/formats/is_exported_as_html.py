"""Is exported as HTML."""

# expect: unreadable
# says: This is a web page (HTML), which cannot be graded.
# form: html
