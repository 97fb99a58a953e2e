"""Holds ten megabytes of pictures that were pasted into its text."""

# expect: full
# form: 10 MB of attachments
