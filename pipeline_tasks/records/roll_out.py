"""Record of the stage `roll_out`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class RollOutSummary:
    """The model to be served, and the one that the server reports."""

    stage: ClassVar[str] = "roll_out"

    skipped: str | None
    model_digest: str | None = None
    generation: int | None = None
    """Number of changes of the serving pointer."""
    is_changed: bool = False
    server_digest: str | None = None
    """The model that the server reported at the end of the stage; None if it did not respond or was not asked."""
    why: str = ""
    """The server's state, as a sentence."""
