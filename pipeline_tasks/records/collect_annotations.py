"""Record of the stage `collect_annotations`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class CollectAnnotationsSummary:
    """New and changed annotations since the last collection."""

    stage: ClassVar[str] = "collect_annotations"

    annotations_new: int
    annotations_changed: int
    annotations_deleted: int
    annotations_skipped: int
    """New and changed annotations without content."""
    annotations_from_earlier_rounds: int
    """Annotations that arrived after their own cycle had continued."""
    annotators: int
    tasks_unanswered: int
    """Tasks of this cycle's round without annotations; they stay open in Label Studio and the next cycle collects them."""
    projects_gone: list[int] = field(default_factory=list)
    """Label Studio projects of earlier rounds that were deleted there; their collected annotations stay."""
