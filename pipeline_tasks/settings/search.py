"""Settings of the search over training settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator

from pipeline_tasks.settings.section import Settings
from pipeline_tasks.settings.training import TrainingSettings

Value = bool | int | float | str
"""Value of one training setting."""
NOT_SEARCHED = (
    *("min_new_labels", "max_epochs", "max_synthetic_ratio", "doubted_labels", "unfreeze_epochs", "augmentation"),
    *("fit.start_from", "fit.most_growth_ratio", "fit.scratch_every", "fit.accelerator", "fit.processes"),
    *("fit.freeze_until", "fit.backbone_rate_ratio"),
)
"""Training settings that change the data or the cost of a trial, or that a trial does not follow, and not the quality of a fit."""


class SearchedValues(Settings):
    """Values of one setting among which the search looks: a range, or choices."""

    low: float | None = None
    high: float | None = None
    is_log: bool = Field(False, description="Draw the logarithm evenly: for settings whose order of magnitude is open.")
    choices: tuple[Value, ...] | None = None

    @model_validator(mode="after")
    def _is_a_range_or_choices(self) -> SearchedValues:
        """Refuse half of each."""
        if self.choices is not None:
            if self.low is not None or self.high is not None or self.is_log or len(set(self.choices)) < 2:
                raise ValueError(f"choices: wanted at least two different values and no range beside them, found {self.choices}")
        elif self.low is None or self.high is None or not self.low < self.high:
            raise ValueError(f"wanted `choices`, or `low` below `high`, found low {self.low} and high {self.high}")
        elif self.is_log and self.low <= 0:
            raise ValueError(f"is_log: wanted `low` above 0, found {self.low}")
        return self


class SearchSettings(Settings):
    """Settings of `search_settings`: the trials and their space."""

    schedule: str | None = Field(
        None, description="Cron expression of search_settings, in the project's time zone; null: only started by hand."
    )
    trials: int = Field(20, ge=5, le=500, description="Trials of one search; the first is the project's own settings.")
    space: dict[str, SearchedValues] | None = Field(
        None,
        min_length=1,
        description="Key of `training` (`learning_rate`, or `augmentation.blur.strength` of an entry in the file) → the values to "
        "look among. null: learning rate, weight decay, augmented views, and balanced classes where the kind follows them.",
    )


def value_of(training: TrainingSettings, key: str) -> Any:
    """The value that a dotted key has now; None if it is null.

    Raises:
        ValueError: there is no such key.
    """
    found: Any = training.model_dump(mode="json")
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise ValueError(f"search.space: `training` has no key {key!r}; an augmentation must be named in training.augmentation")
        found = found[part]
    return found


def changed_training(training: TrainingSettings, values: Mapping[str, Value | None]) -> TrainingSettings:
    """The training settings with other values under these dotted keys.

    Raises:
        ValueError: an unknown key, or a value that the setting cannot have.
    """
    fields = training.model_dump(mode="json")
    for key, value in values.items():
        value_of(training, key)
        *outer, last = key.split(".")
        place = fields
        for part in outer:
            place = place[part]
        place[last] = value
    return TrainingSettings.model_validate(fields)


def check_space(search: SearchSettings, training: TrainingSettings) -> None:
    """Check that every value of the space is one that the training can have.

    Raises:
        ValueError: names key, value and problem.
    """
    for key, values in (search.space or {}).items():
        if key in NOT_SEARCHED:
            raise ValueError(
                f"search.space: {key} is not searched: it changes the data or the cost of a trial, or nothing in it; leave it out"
            )
        for value in values.choices or (values.low, values.high):
            try:
                changed_training(training, {key: as_setting(training, key, value)})
            except ValidationError as error:
                problem = error.errors()[0]["msg"]
                raise ValueError(f"search.space.{key}: {value!r} cannot be set: {problem}") from error


def as_setting(training: TrainingSettings, key: str, value: Any) -> Any:
    """A number of a range as the setting wants it: whole where the setting is."""
    return round(value) if is_whole(training, key) and isinstance(value, float) and value.is_integer() else value


def is_whole(training: TrainingSettings, key: str) -> bool:
    """Return True for a setting that is a whole number."""
    present = value_of(training, key)
    return isinstance(present, int) and not isinstance(present, bool)
