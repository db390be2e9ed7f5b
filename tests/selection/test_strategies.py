"""Tests of strategies that use wishes of a person or of an earlier stage, with inputs that can be checked by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import STRATEGIES
from pipeline_tasks.selection.choosing import Selection, choose
from pipeline_tasks.selection.disagreement import disagreement
from pipeline_tasks.selection.objective import Objective, Scored
from pipeline_tasks.selection.outliers import outlier_ranks
from pipeline_tasks.selection.pool import Pool, check_pool
from pipeline_tasks.selection.strategies.strategy import Strategy, strategies_in_form, strategy_of
from pipeline_tasks.selection.turns import turns_of
from pipeline_tasks.selection.wishes import Wishes


def at(*degrees: float) -> np.ndarray:
    return np.array([[math.cos(math.radians(one)), math.sin(math.radians(one))] for one in degrees], np.float32)


def asked(objectives: str, *degrees: float, budget: int = 1, wishes: Wishes | None = None, **arguments: Any) -> Selection:
    return choose(at(*degrees), budget=budget, seed=0, objectives=objectives, wishes=wishes, **arguments)


def test_similar_to__asks_for_what_is_like_the_example() -> None:
    chosen = asked("similar_to", 0, 90, 100, 200, labelled=[1], wishes=Wishes(tagged={"similar_to": {1: 1.0}}))
    assert chosen.picks.tolist() == [2]
    assert chosen.reasons == ("similar to the example images",)


def test_away_from__asks_for_what_is_unlike_the_example() -> None:
    chosen = asked("away_from", 0, 20, 170, budget=2, labelled=[0], wishes=Wishes(tagged={"away_from": {0: 1.0}}))
    assert chosen.picks.tolist() == [2, 1]


@pytest.mark.parametrize(("tag", "says"), [("errors", "the model got wrong"), ("drifted", "from production")])
def test_errors_and_drift__are_covered_one_after_the_other(tag: str, says: str) -> None:
    """Two tagged images at 0 and 180 degrees: the heavier is covered first, then the other, not the first again."""
    chosen = asked(tag, 0, 180, 1, 2, 181, budget=2, labelled=[0, 1], wishes=Wishes(tagged={tag: {0: 1.0, 1: 0.7}}))
    assert chosen.picks.tolist() == [2, 4]
    assert says in chosen.reasons[0]


def test_outliers__asks_for_what_has_no_near_neighbours() -> None:
    crowd = [0.1 * number for number in range(20)]
    chosen = asked("outliers", *crowd, 180, labelled=[0])
    assert chosen.picks.tolist() == [20]
    assert chosen.reasons == ("rare: farther from its nearest neighbours than 100% of the images",)


def test_outlier_ranks__of_identical_images_are_equal() -> None:
    assert outlier_ranks(np.ones((4, 2), np.float32)).tolist() == [0, 0, 0, 0]


def test_metadata_balance__asks_for_the_value_that_labels_have_least_of() -> None:
    metadata = [{"site": site} for site in ("a", "a", "a", "b", "b")]
    chosen = asked("metadata_balance", 0, 10, 20, 30, 40, labelled=[0, 1], metadata=metadata)
    assert chosen.picks.tolist() == [3]
    assert chosen.reasons == ("site b, which has fewer labels than its share",)


def test_metadata_balance__goes_by_the_wanted_shares() -> None:
    metadata = [{"site": site} for site in ("a", "b", "a", "b", "a", "a")]
    wishes = Wishes(metadata_targets={"site": {"a": 3, "b": 1}})
    chosen = asked("metadata_balance", *range(0, 60, 10), budget=2, labelled=[0, 1], metadata=metadata, wishes=wishes)
    assert [metadata[pick]["site"] for pick in chosen.picks] == ["a", "a"]


def test_metadata_weight__puts_heavy_values_first() -> None:
    metadata = [{"site": "a"}, {"site": "b"}, {}]
    wishes = Wishes(metadata_weights={"site": {"a": 0.5, "b": 3}})
    chosen = asked("metadata_weight", 0, 10, 20, budget=3, metadata=metadata, wishes=wishes)
    assert chosen.picks.tolist() == [1, 2, 0]
    assert chosen.reasons[0] == "its site weighs 3"


def test_requirements__ask_until_they_are_met() -> None:
    metadata = [{"site": "b"}, {"site": "a"}, {"site": "b"}, {"site": "b"}]
    wishes = Wishes(requirements={"site": {"b": 2}})
    chosen = asked("requirements", 0, 10, 20, 30, budget=3, labelled=[0], metadata=metadata, wishes=wishes)
    assert chosen.picks[0] == 2
    assert chosen.reasons[0] == "site b, which has fewer labels than required"
    assert chosen.reasons[1] == "no image that meets a remaining need can be found"


def test_requirements__of_classes_go_by_what_the_model_expects() -> None:
    wishes = Wishes(requirements={"class": {"nut": 5}})
    named: dict[str, Any] = {"vocabulary": ("bolt", "nut"), "wishes": wishes}
    chosen = asked("requirements", 0, 10, 20, beliefs=[[1, 0], [0.2, 0.8], [0.6, 0.4]], **named)
    assert chosen.picks.tolist() == [1]
    assert chosen.reasons == ("probably nut, which has fewer labels than required",)
    assert asked("requirements", 0, 10, **named).picks.tolist() == [0]


def test_class_target__asks_for_the_class_furthest_below_its_target() -> None:
    chosen = asked(
        "class_target",
        *(0, 10, 20, 30),
        labelled=[0, 1],
        labels=["bolt", "nut"],
        beliefs=[[1, 0], [0, 1], [1, 0], [0, 1]],
        vocabulary=("bolt", "nut"),
        wishes=Wishes(class_targets={"bolt": 1, "nut": 3}),
    )
    assert chosen.picks.tolist() == [3]


def test_bald__picks_images_on_which_variants_disagree_and_not_those_all_find_unclear() -> None:
    """Row 0: both variants are unsure; row 1: each is sure of another class; row 2: both agree."""
    draws = np.array([[[0.5, 0.5], [1, 0], [1, 0]], [[0.5, 0.5], [0, 1], [1, 0]]], np.float32)
    assert disagreement(draws).tolist() == pytest.approx([0, 1, 0], abs=1e-6)
    beliefs = draws.mean(axis=0)
    chosen = asked("bald", 0, 90, 180, beliefs=beliefs, vocabulary=("bolt", "nut"), wishes=Wishes(belief_draws=draws))
    assert chosen.picks.tolist() == [1]
    assert chosen.reasons == ("variants of the model disagree: bolt (1 of 2) against nut (1 of 2)",)


def test_clips__of_one_name_in_two_sources_have_a_share_each() -> None:
    metadata = [{"clip": "x", "clip_source": source, "seen_s": 1.0} for source in ("line", "yard") for _ in range(3)]

    few = asked("diversity", *range(0, 60, 10), budget=6, metadata=metadata, wishes=Wishes(max_per_clip=2))

    assert sorted(metadata[row]["clip_source"] for row in few.picks.tolist()) == ["line", "line", "yard", "yard"]


def test_clips__give_no_more_than_their_share_and_keep_their_gap_in_time() -> None:
    metadata = [{"clip": "x", "seen_s": 10 * number} for number in range(6)] + [{}]
    few = asked("diversity", *range(0, 70, 10), budget=7, metadata=metadata, wishes=Wishes(max_per_clip=2))
    assert sorted(pick == 6 for pick in few.picks) == [False, False, True]
    apart = asked("diversity", *range(0, 70, 10), budget=7, metadata=metadata, labelled=[0], wishes=Wishes(min_clip_gap_s=25))
    assert sorted(apart.picks.tolist()) in ([3, 6], [4, 6], [5, 6])


@pytest.mark.parametrize(
    ("objectives", "wishes", "says"),
    [
        ("similar_to", Wishes(), "similar_to: wanted tagged images, found none"),
        ("auto", Wishes(tagged={"liked": {0: 1.0}}), "tagged: wanted some of similar_to, away_from, errors, drifted; found liked"),
        ("auto", Wishes(tagged={"errors": {9: 1.0}}), "tagged: errors: wanted row numbers from 0 to 2, found 9"),
        ("auto", Wishes(tagged={"errors": {0: 0.0}}), "tagged: errors: wanted weights above 0"),
        ("auto", Wishes(class_targets={"bolt": -1}), "class_targets: bolt: wanted 0 or more"),
        ("auto", Wishes(max_per_clip=2), "metadata: wanted them, with `clip`"),
        (
            "auto",
            Wishes(belief_draws=np.zeros((2, 2, 2), np.float32)),
            "belief_draws: wanted finite numbers of shape T x 3",
        ),
        ("metadata_balance", Wishes(metadata_targets={"site": {"a": 1}}), "metadata: site: wanted a value in at least one row"),
        ("bald", Wishes(), "bald: wanted a model's beliefs"),
    ],
)
def test_invalid_wishes__are_refused_with_the_field(objectives: str, wishes: Wishes, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        asked(objectives, 0, 10, 20, wishes=wishes)


def test_names__are_those_that_can_choose() -> None:
    without = check_pool(at(0, 10), 1, 0, (), (), None, None, ())
    with_model = replace(without, beliefs=np.full((2, 2), 0.5))
    for name in set(STRATEGIES.names) - {"auto"}:
        assert turns_of(name, with_model) == ({name: 1.0},)
    for name in [one for one in STRATEGIES.names if strategy_of(one).needs_beliefs]:
        with pytest.raises(SettingsError, match="beliefs"):
            turns_of(name, without)


def test_strategies_in_form__are_those_that_a_person_may_ask_for_and_say_what_for() -> None:
    offered = strategies_in_form()
    assert list(offered)[:2] == ["auto", "coverage"]
    assert {"balanced_coverage", "drifted"} == set(STRATEGIES.names) - set(offered)
    needing = [name for name in STRATEGIES.names if strategy_of(name).needs_model]
    assert needing == ["margin", "entropy", "least_confidence", "bald", "class_balance", "class_target", "errors"]


def _by_angle(pool: Pool) -> Objective:
    return Scored(1 - pool.units[:, 0].clip(0), lambda pick: f"row {pick} points elsewhere")


BY_ANGLE = Strategy(name="by_angle", words="what points elsewhere", objective=_by_angle)
HALF = 0.5


def test_custom_strategy__is_a_record_with_its_own_reasons() -> None:
    chosen = asked(f"{__name__}:BY_ANGLE", 0, 80, 40)
    assert chosen.picks.tolist() == [1]
    assert chosen.reasons == ("row 1 points elsewhere",)


@pytest.mark.parametrize(
    ("objectives", "says"),
    [
        ("coverge", r"unknown strategy 'coverge' \(did you mean 'coverage'\?\); name one of your own as module:attribute"),
        ({"auto": 1.0, "random": 1.0}, "auto takes turns among strategies and has no weight: name it alone"),
        ({}, "no strategy is named"),
        ({"random": 0.0}, "weights must be above 0, found {'random': 0.0}"),
        (f"{__name__}:HALF", "wanted a function of the pool, found float"),
    ],
)
def test_invalid_objectives__are_refused_with_the_reason(objectives: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        asked(objectives, 0, 10)
