"""Space of a search: dotted keys of `training` and the values among which it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.search import SearchedValues, Value, value_of

Space = Mapping[str, SearchedValues]

FOR_WHOLE_IMAGES: Space = {
    "learning_rate": SearchedValues(low=3e-4, high=3e-2, is_log=True),
    "weight_decay": SearchedValues(low=1e-4, high=1.0, is_log=True),
    "augmented_views": SearchedValues(choices=(0, 1, 3)),
    "balance_classes": SearchedValues(choices=(True, False)),
}
"""Default for kinds whose heads take embeddings. Strengths of augmentations are left out: each one tried embeds all views again."""
FOR_PLACES: Space = {
    "learning_rate": SearchedValues(low=3e-4, high=3e-2, is_log=True),
    "weight_decay": SearchedValues(low=1e-4, high=1.0, is_log=True),
    "augmented_views": SearchedValues(choices=(1, 3)),
}
"""Default for kinds whose heads take feature maps."""
IDLE_FOR_PLACES = ("batch_size", "patience_epochs")
"""Settings that heads on feature maps do not follow."""
DIGITS = 4
"""Significant digits of a tried number, so that it can be pasted into the project file as it was tried."""


def present_values(space: Space, training: TrainingSettings) -> dict[str, Value | None]:
    """The project's own settings under the keys of the space."""
    return {key: value_of(training, key) for key in space}


def most_views(space: Space, training: TrainingSettings) -> int:
    """Largest number of augmented views that a trial may use."""
    values = space.get("augmented_views")
    if values is None:
        return training.augmented_views
    tried = [int(choice) for choice in values.choices] if values.choices is not None else [int(values.high or 0)]
    return max(training.augmented_views, *tried)


def rounded(number: float, values: SearchedValues) -> float:
    """A drawn number with few digits, within its range."""
    assert values.low is not None, "only a range is rounded"
    assert values.high is not None, "only a range is rounded"
    return min(max(float(f"{number:.{DIGITS - 1}e}"), values.low), values.high)


def as_yaml(values: Mapping[str, Value | None]) -> str:
    """Lines for the project file that set these values."""
    fields: dict[str, Any] = {}
    for key, value in values.items():
        *outer, last = key.split(".")
        place = fields
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return str(yaml.safe_dump({"training": fields}, sort_keys=False))
