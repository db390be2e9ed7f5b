"""Label kind `mask`: the pixels of each class, or of each object, drawn as polygons or with a brush."""
