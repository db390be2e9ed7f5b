"""One explicit call per stage, one module a group of the process."""
