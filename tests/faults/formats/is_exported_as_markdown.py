"""Is exported as Markdown with its code between fences."""

# expect: full
# form: markdown
