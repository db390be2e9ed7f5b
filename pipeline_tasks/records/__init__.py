"""Records: typed data that one stage writes and another reads."""
