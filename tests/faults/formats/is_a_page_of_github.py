"""Is the web page on which GitHub shows the notebook."""

# expect: unreadable
# says: choose Download raw file
# form: github page
