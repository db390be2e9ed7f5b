"""Care of a root: verify, mend, back up, collect unneeded objects."""
