"""One outside service a module."""
