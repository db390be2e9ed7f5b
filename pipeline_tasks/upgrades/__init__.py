"""Persisted forms and their versions: data of older releases is converted to today's form when it is read."""
