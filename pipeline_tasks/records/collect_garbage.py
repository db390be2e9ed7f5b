"""Record of the stage `collect_garbage`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class CollectGarbageSummary:
    """Objects that were moved, deleted or put back."""

    stage: ClassVar[str] = "collect_garbage"

    skipped: str | None
    moved_to_trash: int = 0
    moved_bytes: int = 0
    moved_by_kind: dict[str, int] = field(default_factory=dict)
    deleted: int = 0
    """Objects deleted for good: from the trash, and temporary files of killed writers."""
    deleted_bytes: int = 0
    put_back: int = 0
    """Objects taken out of the trash because they are needed again."""
    spared: int = 0
    """Objects of the plan that were named meanwhile or no longer existed."""
