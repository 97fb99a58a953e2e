"""Has its cells in the reverse order."""

# expect: full
# form: shuffled
