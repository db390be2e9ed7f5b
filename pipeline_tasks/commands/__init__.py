"""The tools around cycles, one module a command; each says its arguments and returns a summary, or a text for people."""
