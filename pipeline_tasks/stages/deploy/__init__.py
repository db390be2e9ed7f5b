"""Promote, roll out, roll back, report."""
