"""Pure room: head, training, export and parity."""
