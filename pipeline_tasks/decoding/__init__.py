"""Bytes to the one canonical picture, in child processes with limits."""
