"""Record of the stage `ask_for_slice`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class AskForSliceSummary:
    """A request for more labelled images like those of a found slice."""

    stage: ClassVar[str] = "ask_for_slice"

    words: str
    """The slice's rule."""
    there: int
    """Labelled images of it at the time."""
    wanted: int
    """Labelled images wanted in all; 0 if the request was withdrawn."""
    why: str
