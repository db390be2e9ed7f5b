"""Pure room: HTML reports from tables."""
