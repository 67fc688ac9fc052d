"""The decoder of JSON: `decode` has the order of attempts, `lines` and `documents` the shapes that it decodes."""
