"""What the service keeps: rows in one SQL database, and files by their digest beside it."""
