"""Product reports: facts, then pictures, then one self-contained HTML page."""
