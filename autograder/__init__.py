"""Release, grade and report the exercises of a course, safely and fast."""
