"""Pure room: what people answered, and how answers become labels."""
