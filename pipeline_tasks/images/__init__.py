"""Pure room: what can be read off images, their quality and their duplicates."""
