"""The contracts: one typed table a module."""
