"""Tending a root: verify, mend, back up, collect what nobody needs."""
