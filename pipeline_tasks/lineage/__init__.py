"""Lineage: origin and results of an image, a prediction, a model or a dataset version."""
