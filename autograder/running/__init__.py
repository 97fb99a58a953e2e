"""A whole class: batches, processes, clusters, and grading again."""
