"""Side-by-side and scaling measurements; run each with python -m benchmarks.NAME."""
