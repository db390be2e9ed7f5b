"""Slices of test on which models err more than elsewhere: read from the store, found by pure packages."""
