"""From one source to every target: each target is a pure function, Assignment -> Tree."""
