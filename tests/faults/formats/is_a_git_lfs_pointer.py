"""Is a pointer that stands for a file in Git LFS."""

# expect: unreadable
# says: run git lfs pull
# form: lfs pointer
