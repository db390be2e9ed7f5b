"""Record of the stage `find_label_errors`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FindLabelErrorsSummary:
    """Number of labels judged, and of those that are probably wrong."""

    stage: ClassVar[str] = "find_label_errors"

    labels_judged: int
    suspects: int
    suspects_by_name: dict[str, int]
    """Suspects by the name that stands."""
    names_not_judged: list[str]
    """Names of too few split groups; labels of these names are no suspects."""
    agreed: int = 0
    """Labels that would be suspects, but on which several people agree."""
    skipped: str | None = None
    """Reason why no label was judged."""
