"""The rewards API on this machine: a synthetic world served over real HTTP."""
