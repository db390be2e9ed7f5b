"""Drift of production images against a reference: tests, their evidence over many nights, and the cause."""
