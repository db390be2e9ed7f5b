"""Record of the stage `backfill`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class BackfillSummary:
    """Images of earlier nights whose computed columns were filled."""

    stage: ClassVar[str] = "backfill"

    skipped: str | None
    filled: dict[str, int] = field(default_factory=dict)
    """Table → images whose missing values were computed."""
    left: dict[str, int] = field(default_factory=dict)
    """Table → number of images still without a value; another backfill continues with them."""
