"""Errors of the local stack: one sentence that a person can act on."""

from __future__ import annotations

from pipeline_tasks.errors import NightlensError


class StackError(NightlensError):
    """The stack cannot do what was asked; the message says what was found and what to do."""
