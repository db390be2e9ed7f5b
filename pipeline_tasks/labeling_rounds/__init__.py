"""Labeling rounds as they stand in Label Studio: compared with what is recorded, and mended."""
