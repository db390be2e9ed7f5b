"""Record of the stage `erase`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class EraseSummary:
    """Counts of erased data and names of what contained it; the images themselves are named nowhere."""

    stage: ClassVar[str] = "erase"

    images: int
    tombstones: list[str]
    rows_by_table: dict[str, int]
    splits_by_version: dict[str, list[str]]
    """Dataset version → the split of each erased image that it held."""
    models: list[str]
    """Models trained on an erased image; an erasure does not change a model's weights."""
    labeling_tasks: int
    revisions: int
    """Number of annotation revisions in the annotation log."""
    left_outside: list[str] = field(default_factory=list)
    """Places that this call could not reach, as sentences; empty in the event, because another call may reach them."""
