"""Is renamed to end in .txt, as browsers do."""

# expect: full
# form: named as text
