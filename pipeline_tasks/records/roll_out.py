"""Record of the stage `roll_out`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class RollOutSummary:
    """Model that is to be served, and the one that the server says it serves."""

    stage: ClassVar[str] = "roll_out"

    skipped: str | None
    model_digest: str | None = None
    generation: int | None = None
    """Counts the changes of what is to be served."""
    is_changed: bool = False
    server_digest: str | None = None
    """What the server answered with when this stage ended; None if it was away or not asked."""
    why: str = ""
    """What the server said, as a sentence."""
