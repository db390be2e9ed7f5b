"""Record of the stage `find_duplicates`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class FindDuplicatesSummary:
    """Duplicates among the cycle's new and released images; quarantined ones are compared by their pixels only."""

    stage: ClassVar[str] = "find_duplicates"

    images_searched: int
    images_in_history: int
    """Earlier images that were searched."""
    exact: int
    """New images with the same pixels as an earlier one."""
    near: int
    """New images that joined an earlier one by hash or embedding."""
    groups: int
    """Groups of at least two images that hold a new one."""
    images_in_groups: int
    """New images that are not the first of their group; at most one image of a group is sent to labeling."""
    groups_merged: int
    contested: int
    """New images that resemble, or share a key with, groups of different splits: used by none."""
    compared_by_pixels_only: int
    """New images that are quarantined or have no usable embedding."""
    turned: int = 0
    """Near ones that are turned or mirrored copies."""
    pairs_compared: int = 0
    """Pairs of images that were laid on each other."""
    told_apart: int = 0
    """New images that hash or embedding found alike, and that a comparison told apart."""
    images_released: int = 0
    """Earlier images that a looser limit released tonight; they are among those searched, now by hash and embedding too."""
    keys_in_two_splits: list[str] = field(default_factory=list)
    """Clips, sites, devices or days that straddled splits before the key was set; new images that share them are contested."""
