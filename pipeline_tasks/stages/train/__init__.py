"""Freeze a dataset version and train a candidate on it."""
