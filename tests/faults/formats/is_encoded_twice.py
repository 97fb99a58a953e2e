"""Is saved as a text within JSON."""

# expect: full
# says: It was taken out and graded
# form: encoded twice
