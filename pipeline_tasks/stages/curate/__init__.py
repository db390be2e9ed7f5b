"""Quarantine poor images, group duplicates, select images for labeling."""
