"""Is a PDF that bears the name of a notebook."""

# expect: unreadable
# says: is named .ipynb but is not a notebook
# form: pdf named ipynb
