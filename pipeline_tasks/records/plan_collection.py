"""Record of the stage `plan_collection`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class PlanCollectionSummary:
    """Objects that nobody needs, by what would become of them; the table `unneeded_objects` of the cycle names each object."""

    stage: ClassVar[str] = "plan_collection"

    is_dry_run: bool
    """True: `collect_garbage` will leave everything as it is."""
    objects: dict[str, int]
    """Action → objects: wait (too young), trash, keep_in_trash, purge, put_back."""
    size_bytes: dict[str, int]
    """The same in bytes."""
    ledger_read_to: int
    """The last event that the plan knew of for certain: what later ones name is looked for again before anything is moved."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Kind → objects that nobody needs and that are not in the trash yet."""
