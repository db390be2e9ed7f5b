"""Pure room: measurements of images, their quality and their duplicates."""
