"""What the local stack raises on purpose: one sentence that a person can act on."""

from __future__ import annotations

from pipeline_tasks.errors import NightlensError


class StackError(NightlensError):
    """The stack cannot do what was asked; the sentence names what was found and what to do."""
