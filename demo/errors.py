"""What the demo raises on purpose: one sentence that says what was found and what was wanted."""

from __future__ import annotations


class DemoError(Exception):
    """The demo cannot go on, or a figure of one service is not that of another."""
