"""Pure room: the backbone, the head, training, export and parity."""
