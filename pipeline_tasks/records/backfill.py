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
    """Table → images that still lack a value: another backfill goes on with them."""
