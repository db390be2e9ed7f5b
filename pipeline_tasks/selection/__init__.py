"""Pure room: which pictures are worth a person's time, and why."""
