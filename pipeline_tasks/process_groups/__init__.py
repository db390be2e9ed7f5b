"""The stages of the process, one module a group."""
