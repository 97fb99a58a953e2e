"""Is JSON nested deeper than a parser may follow."""

# expect: unreadable
# form: deep json
