"""From any source to a frame of exact, typed rewards."""
