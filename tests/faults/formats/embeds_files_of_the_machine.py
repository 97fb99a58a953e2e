"""Embeds files of the grader's machine in its text and its outputs; neither is converted."""

# expect: full
# never: root:
# form: embedded files
