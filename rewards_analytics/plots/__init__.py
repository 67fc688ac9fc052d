"""Pictures: each draws the result of an analysis on matplotlib axes, and computes nothing itself."""
