"""Tests of trials: in any order and run again they are the same, and no test image has a say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from given_search import CYCLE, SPLITS, TRIALS, Search

from pipeline_tasks.errors import MissingStageError, SettingsError
from pipeline_tasks.search.waves import WAVES, trials_of_wave
from pipeline_tasks.storage.objects import fail_points
from pipeline_tasks.tables.trial import Trial

pytestmark = pytest.mark.slow


class Stopped(BaseException):
    """End of a process, as far as the store can tell."""


@contextmanager
def stopping_at(point: str) -> Iterator[None]:
    """End the work where it reaches this point of the store."""

    def on_reach(reached: str) -> None:
        if reached == point:
            raise Stopped

    fail_points.listen(on_reach)
    try:
        yield
    finally:
        fail_points.listen(None)


def test_run_trial__trials_of_a_wave_in_any_order_give_the_same_trials(tmp_path: Path, undisturbed: Search) -> None:
    search, order = Search(tmp_path), random.Random(3)
    for wave in range(WAVES):
        numbers = list(trials_of_wave(wave, TRIALS))
        order.shuffle(numbers)
        for number in numbers:
            search.trial(number)
    assert search.choose() == undisturbed.choose()
    assert search.store.read(Trial, CYCLE).equals(undisturbed.store.read(Trial, CYCLE))


def test_run_trial__stopped_before_and_after_each_record_goes_on_and_ends_the_same(tmp_path: Path, undisturbed: Search) -> None:
    search, stops = Search(tmp_path), 0
    for number in range(TRIALS):
        for point in ("part.put_once.before", "part.put_once.after"):
            with pytest.raises(Stopped), stopping_at(point):
                search.trial(number)
            stops += 1
            search = Search(tmp_path, objects=search.store.objects)
    assert stops == 2 * TRIALS
    assert search.choose() == undisturbed.choose()
    assert search.store.read(Trial, CYCLE).equals(undisturbed.store.read(Trial, CYCLE))


def test_run_trial__another_seed_tries_other_settings(tmp_path: Path, undisturbed: Search) -> None:
    search = Search(tmp_path, seed=1)
    assert search.trial(0).settings == undisturbed.trial(0).settings
    assert search.trial(1).settings != undisturbed.trial(1).settings


def test_run_trial__a_recorded_trial_is_not_run_again(undisturbed: Search) -> None:
    embedded, wanted = undisturbed.backbone.embedded, undisturbed.whole()
    assert undisturbed.whole() == wanted
    assert undisturbed.backbone.embedded == embedded


def test_run_trial__trials_with_the_same_views_embed_them_once(tmp_path: Path) -> None:
    search = Search(tmp_path, space={"learning_rate": {"low": 1e-4, "high": 1e-2, "is_log": True}})
    search.trial(0)
    used = sum(split != "test" for split in SPLITS.values()) * 2
    views = sum(split == "train" for split in SPLITS.values()) * 2
    assert search.backbone.embedded == used + views
    search.trial(1)
    assert search.backbone.embedded == 2 * used + views, "plain images, which no table holds here, once more"


def test_run_trial__waits_for_the_wave_before(tmp_path: Path) -> None:
    search = Search(tmp_path)
    search.trial(0)
    with pytest.raises(MissingStageError, match="run_trial has not been done for the trials 1"):
        search.trial(2)
    with pytest.raises(MissingStageError, match="1, 2, 3"):
        search.choose()


def test_run_trial__is_one_of_the_plan(undisturbed: Search) -> None:
    with pytest.raises(SettingsError, match="trial: 7 is not in the plan"):
        undisturbed.trial(TRIALS)


def test_run_trial__never_reads_a_test_image(tmp_path: Path, undisturbed: Search) -> None:
    search = Search(tmp_path)
    assert search.poison_test_images() == 8
    search.whole()
    search.choose()
    assert search.store.read(Trial, CYCLE).equals(undisturbed.store.read(Trial, CYCLE))
