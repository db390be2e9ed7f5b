"""Record of the stage `erase`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class EraseSummary:
    """Numbers of what was erased and names of what held it; the images themselves are named nowhere."""

    stage: ClassVar[str] = "erase"

    images: int
    tombstones: list[str]
    rows_by_table: dict[str, int]
    splits_by_version: dict[str, list[str]]
    """Dataset version → the split of each erased image that it held."""
    models: list[str]
    """Trained on such a version, on the image itself: an erasure takes nothing out of a model's weights."""
    labeling_tasks: int
    revisions: int
    """Number of annotation revisions in the annotation log."""
    left_outside: list[str] = field(default_factory=list)
    """What this call could not reach, as sentences; empty in the event, since another call may reach it."""
