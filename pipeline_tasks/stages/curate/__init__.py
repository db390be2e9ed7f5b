"""Set poor images aside, join duplicates, select what people are asked about."""
