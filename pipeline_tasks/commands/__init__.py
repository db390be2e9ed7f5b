"""Tools around cycles, one module per command; each declares its arguments and returns a summary or a text."""
