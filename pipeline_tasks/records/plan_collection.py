"""Record of the stage `plan_collection`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class PlanCollectionSummary:
    """Unneeded objects by planned action; the cycle's table `unneeded_objects` lists each object."""

    stage: ClassVar[str] = "plan_collection"

    is_dry_run: bool
    """If True, `collect_garbage` changes nothing."""
    objects: dict[str, int]
    """Action → objects: wait (too young), trash, keep_in_trash, purge, put_back."""
    size_bytes: dict[str, int]
    """The same in bytes."""
    ledger_read_to: int
    """The last event that the plan has read; objects named by later events are checked again before any is moved."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Kind → unneeded objects that are not in the trash yet."""
