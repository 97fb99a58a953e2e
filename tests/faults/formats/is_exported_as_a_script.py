"""Is exported as a script."""

# expect: full
# form: script
