"""Pure room: what can be read off pictures, their quality and their duplicates."""
