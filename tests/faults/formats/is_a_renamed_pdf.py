# N15e · Was printed to PDF and then renamed.
# expect: unreadable
# says: is named .ipynb but is not a notebook
# form: pdf named ipynb
