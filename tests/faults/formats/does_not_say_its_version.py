"""Does not say in which version of the notebook format it is."""

# expect: full
# form: no version
