"""The only code that writes a project's root."""
