"""Formats of other tools, written: one module a format, beside those that read them."""
