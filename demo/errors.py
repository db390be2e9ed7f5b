"""Errors of the demo: one sentence that says what was found and what was wanted."""

from __future__ import annotations


class DemoError(Exception):
    """The demo cannot continue, or a figure differs between two services."""
