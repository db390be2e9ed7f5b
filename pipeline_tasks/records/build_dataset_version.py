"""Record of the stage `build_dataset_version`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class BuildDatasetVersionSummary:
    """Content of the dataset version, its changes, and the decision to train on it."""

    stage: ClassVar[str] = "build_dataset_version"

    dataset_id: str | None
    """None if no image is labelled yet."""
    dataset_cycle_id: str | None
    """The cycle whose `dataset_images` holds the version: an earlier one if nothing changed."""
    is_changed: bool
    should_train: bool
    why: str
    images: int = 0
    labels_new: int = 0
    """Labels that are new or different from the previous version."""
    images_by_split: dict[str, int] = field(default_factory=dict)
    images_by_class: dict[str, int] = field(default_factory=dict)
    """Class → images with it; an image with objects of several classes counts for each."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Labelled images that are not in the version: reason → number."""
    unknown_names: dict[str, int] = field(default_factory=dict)
    """Names in labels that are none of the project's → images left out for it."""
    renamed: dict[str, int] = field(default_factory=dict)
    """`old → today's` name → images of the version whose label says the old one."""
    removed_objects: dict[str, int] = field(default_factory=dict)
    """Removed name → objects that are left out, while their image stays; for kinds with several objects an image."""
    objects: int = 0
    """Objects in the labels of the version; 0 also for versions of earlier releases."""
    empty_images: int = 0
    """Images of the version in which nothing is there; for kinds that keep them."""
    index_key: str | None = None
    agreement: float | None = None
    """Mean agreement of votes and labels, by the kind's measure, over images that several people annotated; None without any."""
    agreement_low: float | None = None
    agreement_high: float | None = None
    agreement_images: int = 0
    """Number of these images."""
    label_quality: str = ""
    """The same in a sentence, with the limit; empty while a version is restored, and for cycles of earlier releases."""
    is_label_quality_kept: bool | None = None
    """True if the agreement is shown to reach `gates.min_agreement`; None without this limit."""
    restored_in: str | None = None
    """The cycle in which a person restored this version; None if it was frozen from the labels."""
    leak_report: dict[str, int] = field(default_factory=dict)
    """Pairs of images compared across splits, and images left out because they show the same as one of another split:
    pairs_compared, compared_by_pixels_only, leaks_into_test, leaks_into_val, leaks_in_use (of these, in the previous version);
    leaks_into_golden (of those into test) if the project has a golden set."""
    slices: dict[str, int] = field(default_factory=dict)
    """Slices of test: golden, recent, control → number of images; only those that the project asks for."""
    golden_not_in_test: dict[str, int] = field(default_factory=dict)
    """Images that match the golden set's pattern but were in train or val before it was set, and stay there: split → number."""
    synthetic_images: int = 0
    """Rendered or generated images in the version's training split; those left out are in `left_out`."""
