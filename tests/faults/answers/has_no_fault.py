"""Answers every exercise right."""

# expect: full
