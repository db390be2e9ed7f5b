"""Records: what one stage writes down and another reads."""
