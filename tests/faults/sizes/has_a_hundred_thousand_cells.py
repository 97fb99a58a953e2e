"""Has a hundred thousand cells."""

# expect: unreadable
# says: The notebook has more than 2,000 cells
# form: many cells
