"""Lineage: where an image, an annotation, a model or a dataset version came from and what it led to."""
