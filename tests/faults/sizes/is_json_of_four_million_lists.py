"""Is JSON that would fill the grader's memory."""

# expect: unreadable
# form: many lists
