"""A course's gradebook: attempts, policies and adjustments, and the points that come of them."""
