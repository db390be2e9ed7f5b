"""The ledger's events and their fold, the project's state."""
