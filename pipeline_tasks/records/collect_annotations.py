"""Record of the stage `collect_annotations`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class CollectAnnotationsSummary:
    """Answers that people gave since the last look."""

    stage: ClassVar[str] = "collect_annotations"

    annotations_new: int
    annotations_changed: int
    annotations_deleted: int
    annotations_skipped: int
    """Of the new and changed ones, those that say nothing."""
    annotations_from_earlier_rounds: int
    """Of all these, those that came after their own cycle had gone on."""
    annotators: int
    tasks_unanswered: int
    """Of this cycle's round; they stay open in Label Studio and the next cycle collects them."""
    projects_gone: list[int] = field(default_factory=list)
    """Label Studio projects of earlier rounds that somebody deleted; what was answered there stays."""
