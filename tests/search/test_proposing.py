"""Tests of the proposals: a function of the seed and of recorded results alone."""

from __future__ import annotations

import random

import pytest

from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.search.proposing import RANDOM_TRIALS, proposed
from pipeline_tasks.search.space import FOR_WHOLE_IMAGES, Space, as_yaml, present_values
from pipeline_tasks.search.waves import WAVES, trials_of_wave, wave_of
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.search import SearchedValues, Value, changed_training

TRAINING = TrainingSettings()
ONE_KEY: Space = {"learning_rate": SearchedValues(low=1e-4, high=1.0, is_log=True)}


def a_trial(number: int, values: dict[str, Value | None], loss: float, *, is_pruned: bool = False) -> FinishedTrial:
    return FinishedTrial(number, values, (loss,) if is_pruned else (loss, loss), is_pruned, 1 - loss)


def finished(space: Space, count: int) -> list[FinishedTrial]:
    """Trials drawn with losses that fall with the learning rate's distance from 0.1."""
    drawn = proposed(space, TRAINING, [], count, seed=1)
    return [a_trial(number, dict(one), abs(float(one["learning_rate"]) - 0.1)) for number, one in enumerate(drawn)]


def test_proposed__same_results_and_seed_give_the_same_settings_whatever_finished_first() -> None:
    earlier = finished(FOR_WHOLE_IMAGES, 12)
    wanted = proposed(FOR_WHOLE_IMAGES, TRAINING, earlier, 4, seed=7)
    random.Random(0).shuffle(earlier)
    assert proposed(FOR_WHOLE_IMAGES, TRAINING, earlier, 4, seed=7) == wanted
    assert proposed(FOR_WHOLE_IMAGES, TRAINING, earlier, 4, seed=8) != wanted


def test_proposed__fewer_trials_of_a_wave_are_the_first_of_it() -> None:
    earlier = finished(FOR_WHOLE_IMAGES, 12)
    assert proposed(FOR_WHOLE_IMAGES, TRAINING, earlier, 2, seed=7) == proposed(FOR_WHOLE_IMAGES, TRAINING, earlier, 4, seed=7)[:2]


def test_proposed__moves_towards_settings_with_small_losses() -> None:
    earlier = finished(ONE_KEY, 4 * RANDOM_TRIALS)
    drawn = [float(one["learning_rate"]) for one in proposed(ONE_KEY, TRAINING, earlier, 8, seed=3)]
    at_random = [float(one["learning_rate"]) for one in proposed(ONE_KEY, TRAINING, [], 8, seed=3)]
    assert sorted(abs(one - 0.1) for one in drawn)[4] < sorted(abs(one - 0.1) for one in at_random)[4]


def test_proposed__values_are_ones_that_the_training_can_have_and_a_person_can_paste() -> None:
    for drawn in proposed(FOR_WHOLE_IMAGES, TRAINING, finished(FOR_WHOLE_IMAGES, 12), 8, seed=2):
        assert changed_training(TRAINING, drawn).learning_rate == drawn["learning_rate"]
        assert len(f"{drawn['learning_rate']:g}".strip("0.")) <= 7
        assert isinstance(drawn["balance_classes"], bool)


def test_proposed__whole_settings_stay_whole() -> None:
    space: Space = {"batch_size": SearchedValues(low=16, high=256, is_log=True)}
    assert all(isinstance(drawn["batch_size"], int) for drawn in proposed(space, TRAINING, [], 5, seed=0))


def test_proposed__own_settings_outside_the_space_tell_it_nothing() -> None:
    own = a_trial(0, present_values(FOR_WHOLE_IMAGES, TrainingSettings(learning_rate=0.9)), 0.5)
    earlier = finished(FOR_WHOLE_IMAGES, 12)
    assert proposed(FOR_WHOLE_IMAGES, TRAINING, [own, *earlier], 3, 5) == proposed(FOR_WHOLE_IMAGES, TRAINING, earlier, 3, 5)


def test_proposed__learns_from_pruned_trials_too() -> None:
    earlier = finished(FOR_WHOLE_IMAGES, 12)
    pruned = [a_trial(one.number, dict(one.values), one.loss, is_pruned=one.number > 9) for one in earlier]
    assert proposed(FOR_WHOLE_IMAGES, TRAINING, pruned, 3, seed=5) != proposed(FOR_WHOLE_IMAGES, TRAINING, earlier[:10], 3, seed=5)


@pytest.mark.parametrize("trials", [5, 20, 23])
def test_trials_of_wave__each_trial_is_in_one_wave_and_the_first_wave_has_the_own_settings(trials: int) -> None:
    waves = [trials_of_wave(wave, trials) for wave in range(WAVES)]
    assert [trial for wave in waves for trial in wave] == list(range(trials))
    assert all(waves)
    assert [wave_of(trial, trials) for trial in (0, trials - 1)] == [0, WAVES - 1]


def test_as_yaml__can_be_pasted_into_a_project_file() -> None:
    assert as_yaml({"learning_rate": 0.01, "augmentation.blur.strength": 0.5}) == (
        "training:\n  learning_rate: 0.01\n  augmentation:\n    blur:\n      strength: 0.5\n"
    )
