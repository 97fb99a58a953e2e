"""Release, grade and report the exercises of a deep-learning course, safely and fast."""
