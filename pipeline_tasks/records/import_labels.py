"""Record of the stage `import_labels`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class ImportLabelsSummary:
    """Labels of a labelled set that became labels of the project."""

    stage: ClassVar[str] = "import_labels"

    set_name: str
    images: int
    """Images of the set with a label."""
    labels_new: int
    labels_changed: int
    """Images that had another label of a set before."""
    labels_unchanged: int
    """Images that have this label already."""
    kept_of_people: int
    """Images that people have answered about: their answers stay."""
    left_out: dict[str, int]
    """Reason → images whose label was not taken; the places are in `set_left_outs`."""
    images_by_class: dict[str, int] = field(default_factory=dict)
    """Class → objects of the new and changed labels."""
    splits: dict[str, int] = field(default_factory=dict)
    """Split → images that got it by this import."""
    splits_standing: int = 0
    """Images whose split group had a split before, which stays."""
    groups_in_two_splits: int = 0
    """Split groups whose images the set puts into two splits; test goes before val, val before train."""
