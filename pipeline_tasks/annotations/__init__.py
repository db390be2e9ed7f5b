"""Pure room: annotations, and their resolution into labels."""
