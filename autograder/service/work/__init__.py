"""From the queue to reports: claims tasks, keeps workers warm, starts and stops them."""
