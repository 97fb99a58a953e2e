"""What runs on the student's side: the visible checks, and the words that students read."""
