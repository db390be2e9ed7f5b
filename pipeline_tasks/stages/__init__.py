"""Stages, one a module: read tables, call a pure room, write tables, return a summary."""
