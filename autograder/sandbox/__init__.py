"""The trust boundary: student code runs on the far side of this folder and hands back data."""
