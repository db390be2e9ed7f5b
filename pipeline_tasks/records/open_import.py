"""Record of the stage `open_import`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pipeline_tasks.records.labelled_set import KEEP, TEST_RATIO


@dataclass(frozen=True)
class OpenImportSummary:
    """A labelled set as it was read, before any of its images is taken in."""

    stage: ClassVar[str] = "open_import"

    cycle_id: str
    set_name: str
    folder: str
    """The folder below which the set's images lie."""
    format_name: str
    label_kind: str
    images: int
    """Images with a label."""
    objects: int
    classes: dict[str, str]
    """Class of the set → class of the project, of all classes with an object that was taken."""
    dropped: dict[str, int]
    """Dropped class → objects of it."""
    left_out: dict[str, int]
    """Reason → images or objects that were left out; the places are in `set_left_outs`."""
    changed: dict[str, int]
    """Objects and images that were taken, but not as they are written: how → number."""
    notes: list[str] = field(default_factory=list)
    """Decisions on the format's open questions."""
    licence: str | None = None
    licence_from: str | None = None
    """Place that states the licence: `the command`, or a file of the set."""
    splitting: str = KEEP
    test_ratio: float = TEST_RATIO
    own_splits: dict[str, int] = field(default_factory=dict)
    """Split that the set states → images."""
    is_synthetic: bool = False
    """True for a set of rendered or generated images."""
