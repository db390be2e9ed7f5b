"""Bytes to the one canonical image, in child processes with limits."""
