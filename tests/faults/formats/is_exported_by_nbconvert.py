"""Is exported as a script by nbconvert."""

# expect: full
# form: nbconvert
