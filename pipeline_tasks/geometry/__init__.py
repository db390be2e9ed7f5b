"""Boxes and masks, numpy only."""
