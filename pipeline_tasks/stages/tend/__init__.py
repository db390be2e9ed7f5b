"""Stages outside the nightly cycle: restore, erase, collect garbage."""
