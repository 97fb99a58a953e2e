"""The tools that instructors already have: one file for each, all around the one result schema."""
