"""Pages and JSON: who asks, what they may see, and what is shown. Nothing is graded here."""
