"""HTML reports from tables. Pure: reads no storage."""
