"""Record of the stage `resolve_labels`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class ResolveLabelsSummary:
    """Labels resolved from the cycle's annotations."""

    stage: ClassVar[str] = "resolve_labels"

    images: int
    """Images with a new, changed or deleted annotation."""
    labelled: int
    empty: int
    unsure: int
    changed_labels: int
    """Images that had another label before."""
    mean_agreement_ratio: float | None
    """Mean over images with at least two votes, by the label kind's measure of a vote and the label; None if there are none."""
    images_by_class: dict[str, int]
    unmatched: int = 0
    """Images whose annotations match no class; they have no label and can be selected again."""
    contradictions: int = 0
    """Images whose copies one person answered differently; the newest of these answers counts."""
    starred: int = 0
    """Images on which a reviewer's starred annotation decided."""
    of_sets: int = 0
    """Images about which nobody answers any more, or could: they have the label of a labelled set."""
    weighed: str = ""
    """The consensus in a sentence, where people and a model are weighed; empty where the kind decides."""
    weighed_anew: int = 0
    """Images without a new annotation whose label changed, because more is known about the people by now."""
    gold_images: int = 0
    """Annotations of gold images collected in this cycle, whose labels they never change; and those that agree with the label."""
    gold_right: int = 0
    paused: int = 0
    """People whose votes guessing explains better than care."""
    audited: int = 0
    """Annotations of audited labels collected in this cycle, and those that agree with the label that stood before."""
    audited_right: int = 0
    audited_so_far: int = 0
    """The same of all nights up to this one, each label at most once; 0 in a cycle without an audit."""
    audited_right_so_far: int = 0
    labelled_by_name: dict[str, int] = field(default_factory=dict)
    """Name → images of all nights whose label shows it, where the project states a least share."""
    why_unbalanced: str = ""
    """Sentence on the names below the least share."""
