"""Is exported as a script without marks between its cells."""

# expect: full
# form: plain script
