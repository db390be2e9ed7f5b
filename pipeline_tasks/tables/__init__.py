"""Table contracts: one typed table a module."""
