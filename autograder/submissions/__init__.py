"""From what was handed in to Submissions: files found, unpacked, read."""
