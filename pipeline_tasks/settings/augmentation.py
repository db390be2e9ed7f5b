"""Settings of one augmentation of training images."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import AUGMENTATIONS
from pipeline_tasks.settings.section import Ratio, Settings


class AugmentationSettings(Settings):
    """Strength and probability of one augmentation; null: its own default."""

    strength: Ratio | None = Field(None, description="From 0, no change, to 1; null: the augmentation's default.")
    probability: Ratio | None = Field(None, description="Share of the views that are changed; null: the augmentation's default.")


def check_augmentation(entries: Mapping[str, AugmentationSettings]) -> None:
    """Check the names, and that no strength is given to what has none.

    Raises:
        ValueError: an unknown name, or one of your own that cannot be imported; a strength without use, or of 0.
    """
    for name, entry in entries.items():
        AUGMENTATIONS.check(name)
        try:
            found = AUGMENTATIONS.load(name)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        if entry.strength is not None and getattr(found, "strength", 1.0) is None:
            raise ValueError(f"{name} has no strength, found {entry.strength}; only `probability` can be set")
        if entry.strength == 0:
            raise ValueError(f"{name}: a strength of 0 changes nothing; set `probability: 0`, or leave the entry out")
