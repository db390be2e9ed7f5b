"""Erasing images from a root."""
