"""Label kind `box`: rectangles with a class, several in an image."""
