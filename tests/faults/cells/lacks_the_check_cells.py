"""Lacks the check cells that stand below its answers."""

# expect: full
# form: without checks
