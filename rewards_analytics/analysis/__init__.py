"""One question per module, each answered once for every engine."""
