"""Is damaged in the middle."""

# expect: unreadable
# says: The notebook is damaged at line
# form: damaged
