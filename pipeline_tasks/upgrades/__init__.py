"""Persisted forms and their versions: whatever an older Nightlens wrote is read as if it had been written today."""
