"""Notebooks of other courses, rebuilt in structure, and what becomes of them."""
