"""What maintainers run by hand: the demo, samples, mutants, pictures."""
