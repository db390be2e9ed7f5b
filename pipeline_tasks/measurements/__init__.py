"""Measurements: numbers read off canonical pixels, one function each, named by the column of `measurements` that keeps it."""
