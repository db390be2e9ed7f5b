"""Ledger: events, and their fold, the project's state."""
