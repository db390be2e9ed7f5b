"""Record of the stage `find_label_errors`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class FindLabelErrorsSummary:
    """Number of labels judged, and of those that are probably wrong."""

    stage: ClassVar[str] = "find_label_errors"

    labels_judged: int
    suspects: int
    suspects_by_name: dict[str, int]
    """Suspects by the name that stands; of several objects an image, by what is wrong."""
    names_not_judged: list[str]
    """Names of too few split groups; labels of these names are no suspects."""
    agreed: int = 0
    """Labels that would be suspects, but on which several people agree or that a review settled."""
    not_judged: int = 0
    """Labels of several objects in which no model predicted before it could learn them, and older ones than the newest 2,000."""
    worth_a_look: int = 0
    """Images of several objects with a doubt that is worth a second look, those with suspects among them."""
    skipped: str | None = None
    """Reason why no label was judged."""
    reviews: dict[str, int] = field(default_factory=dict)
    """Verdict → doubted labels of all nights that people looked at again."""
    same_person: int = 0
    """Reviews of all nights that were answered by somebody who had annotated the image before; they settle nothing."""
    precision: list[float] = field(default_factory=list)
    """Share of these labels that were wrong, with the lower and the upper bound of its interval; empty without any."""
    confidence: float = 0.95
