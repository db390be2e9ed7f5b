"""Labeling services that take and give files: a round as each one imports it, and its results as responses of people."""
