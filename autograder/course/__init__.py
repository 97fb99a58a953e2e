"""A course folder: its layout and settings, the source of its assignments, stubs of new ones."""
