"""Labelled images in the formats of other tools: one module a format, read into the objects of the label kinds."""
