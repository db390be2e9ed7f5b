"""Tests of the search's section of a project file: a value that the training cannot have is refused when the file is read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.augmentation import AugmentationSettings
from pipeline_tasks.settings.search import SearchedValues, SearchSettings, changed_training, check_space, value_of

TRAINING = TrainingSettings()


def space(**values: SearchedValues) -> SearchSettings:
    return SearchSettings(space=dict(values))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (space(learning_rat=SearchedValues(low=1, high=2)), "no key 'learning_rat'"),
        (space(learning_rate=SearchedValues(low=-1, high=2)), "search.space.learning_rate: -1.0 cannot be set"),
        (space(batch_size=SearchedValues(choices=(16, "many"))), "search.space.batch_size: 'many' cannot be set"),
        (space(max_epochs=SearchedValues(low=1, high=9)), "max_epochs is not searched"),
        (SearchSettings(space={"augmentation.blur.strength": SearchedValues(low=0.1, high=1)}), "must be named in training.augm"),
    ],
)
def test_check_space__names_key_and_value(wrong: SearchSettings, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_space(wrong, TRAINING)


def test_check_space__takes_ranges_of_whole_settings_and_strengths_of_named_augmentations() -> None:
    training = TrainingSettings(augmentation={"blur": AugmentationSettings()})
    check_space(SearchSettings(space={"augmentation.blur.strength": SearchedValues(low=0.1, high=1)}), training)
    check_space(space(batch_size=SearchedValues(low=16, high=256)), TRAINING)
    check_space(SearchSettings(), TRAINING)


@pytest.mark.parametrize(
    "fields",
    [{"low": 1}, {"low": 2, "high": 1}, {"low": 0, "high": 1, "is_log": True}, {"choices": [1]}, {"choices": [1, 2], "low": 0}, {}],
)
def test_searched_values__are_a_range_or_choices(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SearchedValues.model_validate(fields)


def test_changed_training__sets_dotted_keys_and_leaves_the_others() -> None:
    training = TrainingSettings(augmentation={"blur": AugmentationSettings()}, batch_size=7)
    found = changed_training(training, {"augmentation.blur.strength": 0.3, "balance_classes": False})
    assert (value_of(found, "augmentation.blur.strength"), found.balance_classes, found.batch_size) == (0.3, False, 7)
