"""Record of the stage `build_dataset_version`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class BuildDatasetVersionSummary:
    """Content of the dataset version, its news, and whether it is worth a training."""

    stage: ClassVar[str] = "build_dataset_version"

    dataset_id: str | None
    """None as long as no image is labelled."""
    dataset_cycle_id: str | None
    """The cycle whose `dataset_images` holds the version: an earlier one, if nothing changed."""
    is_changed: bool
    should_train: bool
    why: str
    images: int = 0
    labels_new: int = 0
    """Labels that the version before does not have, or has otherwise."""
    images_by_split: dict[str, int] = field(default_factory=dict)
    images_by_class: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    """Labelled images that are not in the version: reason → how many."""
    index_key: str | None = None
    restored_in: str | None = None
    """The cycle in which a person restored this version; None: it was frozen from the labels."""
    leak_report: dict[str, int] = field(default_factory=dict)
    """How many pairs of different splits were compared, and how many images were left out for being the same as another split's:
    pairs_compared, compared_by_pixels_only, leaks_into_test, leaks_into_val, leaks_in_use (of these, in the version before);
    leaks_into_golden (of those into test) where the project has a golden set."""
    slices: dict[str, int] = field(default_factory=dict)
    """Test images that are also scored by themselves: golden, recent, control → how many; only what the project asks for."""
    golden_not_in_test: dict[str, int] = field(default_factory=dict)
    """Images that fit the golden set's pattern but were in train or val before it was named, and stay there: split → how many."""
