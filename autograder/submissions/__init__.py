"""From what was submitted to Submissions: files found, unpacked, read."""
