"""Product reports: of rewards, of each group of them, and of a notebook."""
