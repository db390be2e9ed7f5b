"""Images in which a model finds boxes or masks."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.choosing import Selection, choose
from pipeline_tasks.selection.wishes import Wishes

SURE, HALF, TORN = [0.95, 0.05], [0.75, 0.25], [0.52, 0.48]
NOTHING = np.empty((0, 2), np.float32)
FOUND = (np.array([SURE, TORN]), np.array([HALF]), np.array([HALF] * 4), NOTHING)
ROWS = np.eye(4, dtype=np.float32)


def asked(aggregate: str, objectives: str = "margin", budget: int = 4) -> Selection:
    wishes = Wishes(instance_beliefs=FOUND, instance_aggregate=aggregate)
    return choose(ROWS, budget=budget, seed=0, objectives=objectives, wishes=wishes, vocabulary=["crack", "fine"])


@pytest.mark.parametrize(("aggregate", "first"), [("max", 0), ("mean", 0), ("sum", 2)])
def test_instances__count_by_their_aggregate(aggregate: str, first: int) -> None:
    chosen = asked(aggregate)
    assert chosen.picks[0] == first
    assert chosen.picks[-1] == 3
    assert chosen.scores["margin"][-1] == 0
    assert chosen.scores["margin"].max() <= 1


def test_instances__mean_is_over_all_of_an_image() -> None:
    scores = asked("mean", budget=1).scores["margin"]
    assert scores == pytest.approx([(0.1 + 0.96) / 2])


@pytest.mark.parametrize("objectives", ["margin", "entropy", "least_confidence"])
def test_instances__serve_each_measure_and_name_the_doubtful_one(objectives: str) -> None:
    chosen = asked("max", objectives)
    assert chosen.reasons[0] == "in one of 2 objects that it finds, the model is undecided between crack (52%) and fine (48%)"
    assert chosen.reasons[-1] == "the model finds no object in it"


def test_instances__of_images_without_any_are_no_error() -> None:
    chosen = choose(ROWS, budget=2, seed=0, objectives="margin", wishes=Wishes(instance_beliefs=[NOTHING] * 4))
    assert len(chosen.picks) == 2


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        (Wishes(instance_beliefs=FOUND[:2]), "instance_beliefs: wanted 4 entries, one a row, found 2"),
        (Wishes(instance_beliefs=[*FOUND[:3], np.ones((1, 3))]), r"one C of at least 2, found C of \[2, 3\]"),
        (Wishes(instance_beliefs=[*FOUND[:3], np.ones(3)]), r"found C of \[0, 2\]"),
        (Wishes(instance_beliefs=[*FOUND[:3], np.full((1, 2), np.nan)]), "wanted finite numbers"),
        (
            Wishes(instance_beliefs=FOUND, instance_aggregate="most"),
            "instance_aggregate: wanted one of max, mean, sum; found most",
        ),
    ],
)
def test_invalid_instances__are_refused_with_the_field(wishes: Wishes, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        choose(ROWS, budget=1, seed=0, objectives="margin", wishes=wishes)
