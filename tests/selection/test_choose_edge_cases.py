"""Tests of `choose` in edge cases, each promised in docs/selection.md."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection.choosing import Selection, choose
from pipeline_tasks.selection.wishes import Wishes

ROWS = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
BELIEFS = np.random.default_rng(1).dirichlet([1, 1, 1], 60)
WITHOUT_MODEL = ("auto", "coverage", "diversity", "typicality", "outliers")
WITH_MODEL = (*WITHOUT_MODEL, "margin", "entropy", "least_confidence", "class_balance")


def asked(objectives: str = "auto", **arguments: object) -> Selection:
    return choose(
        arguments.pop("embeddings", ROWS),  # type: ignore[arg-type]
        **{"budget": 9, "seed": 1, "objectives": objectives} | arguments,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("objectives", [*WITH_MODEL, "random"])
def test_same_night_twice__gives_the_same_picks_scores_and_reasons(objectives: str) -> None:
    first, second = (asked(objectives, beliefs=BELIEFS) for _ in range(2))
    assert first.picks.tolist() == second.picks.tolist()
    assert first.reasons == second.reasons
    assert all((first.scores[name] == second.scores[name]).all() for name in first.scores)


@pytest.mark.parametrize("objectives", WITH_MODEL)
def test_another_seed__changes_nothing_that_is_not_random(objectives: str) -> None:
    one, other = (asked(objectives, beliefs=BELIEFS, seed=seed).picks.tolist() for seed in (1, 2))
    assert one == other


def test_another_seed__draws_other_images_at_random() -> None:
    assert asked("random", seed=1).picks.tolist() != asked("random", seed=2).picks.tolist()


@pytest.mark.parametrize("objectives", WITHOUT_MODEL)
def test_a_pool_of_one__gives_that_one(objectives: str) -> None:
    assert asked(objectives, embeddings=ROWS[:1]).picks.tolist() == [0]


@pytest.mark.parametrize("objectives", WITHOUT_MODEL)
def test_an_empty_pool__gives_an_empty_selection(objectives: str) -> None:
    chosen = asked(objectives, embeddings=ROWS[:0])
    assert (len(chosen.picks), chosen.reasons, chosen.strategy) == (0, (), ())


@pytest.mark.parametrize("objectives", WITHOUT_MODEL)
def test_identical_images__are_picked_in_their_order(objectives: str) -> None:
    assert asked(objectives, embeddings=np.ones((5, 6)), budget=3).picks.tolist() == [0, 1, 2]


@pytest.mark.parametrize("objectives", WITHOUT_MODEL)
def test_images_without_any_direction__are_picked_like_others(objectives: str) -> None:
    assert sorted(asked(objectives, embeddings=np.zeros((4, 6)), budget=9).picks.tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize("objectives", WITHOUT_MODEL)
def test_all_labelled__leaves_nothing_to_pick(objectives: str) -> None:
    assert len(asked(objectives, labelled=range(60), labels=[0] * 60).picks) == 0


@pytest.mark.parametrize("objectives", WITHOUT_MODEL)
def test_a_budget_of_0__picks_nothing_and_one_above_the_pool_picks_all(objectives: str) -> None:
    assert len(asked(objectives, budget=0).picks) == 0
    assert sorted(asked(objectives, budget=10**6).picks.tolist()) == list(range(60))


def test_arguments__are_checked_even_with_nothing_to_pick() -> None:
    with pytest.raises(SettingsError, match="embeddings: wanted finite"):
        asked(embeddings=[[np.nan, 1.0]], budget=0)


@pytest.mark.parametrize(
    ("embeddings", "says"),
    [
        ([[np.nan, 1.0], [0.0, 1.0]], "embeddings: wanted finite numbers, found NaN or infinity in 1 rows, first in row 0"),
        ([[0.0, 1.0], [np.inf, 1.0]], "first in row 1"),
        ([1.0, 2.0], "embeddings: wanted a matrix of N x D"),
        (np.ones((2, 2, 2)), "embeddings: wanted a matrix of N x D"),
        ([[1.0, 2.0], [1.0]], "embeddings: wanted a matrix of numbers, found rows of different length"),
        ([["a", "b"]], "embeddings: wanted real numbers"),
        (np.ones((2, 2), np.complex64), "embeddings: wanted real numbers, found complex64"),
        (np.array([[None, 1.0]], object), "embeddings: wanted real numbers, found object"),
    ],
)
def test_wrong_embeddings__are_named(embeddings: object, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        asked(embeddings=embeddings)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8])
def test_other_types_of_numbers__are_accepted(kind: type[np.generic]) -> None:
    assert len(asked(embeddings=(10 * ROWS).astype(kind)).picks) == 9


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"budget": 2.5}, "budget: wanted a whole number, found 2.5"),
        ({"budget": -1}, "budget: wanted 0 or more"),
        ({"seed": -1}, "seed: wanted 0 or more"),
        ({"labelled": [60]}, "labelled: wanted row numbers from 0 to 59, found 60"),
        ({"labelled": [-1]}, "labelled: wanted row numbers from 0 to 59"),
        ({"labelled": [1.5]}, "labelled: wanted row numbers, found float64"),
        ({"labelled": [3, 3]}, "labelled: wanted each row once"),
        ({"labelled": [0, 1], "labels": [0]}, "labels: wanted none or 2, one a labelled row, found 1"),
        ({"labelled": [0], "labels": ["crack"], "vocabulary": ["dent"]}, "labels: wanted one of vocabulary"),
        ({"labelled": [0], "labels": ["crack"], "beliefs": BELIEFS}, "vocabulary: wanted the names of .* 3 columns"),
        ({"labelled": [0], "labels": [-1]}, "labels: wanted 0 or more"),
        ({"labelled": [0], "labels": [3], "beliefs": BELIEFS}, "labels: wanted a column of the beliefs, 0 to 2"),
        ({"metadata": [{}] * 59}, "metadata: wanted 60 entries"),
        ({"beliefs": BELIEFS[:, :1]}, "C of at least 2"),
    ],
)
def test_other_wrong_arguments__are_named(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        asked(**arguments)


def test_names_for_labels__need_no_vocabulary_where_no_model_answers() -> None:
    numbered = asked(labelled=[1, 2, 3], labels=[1, 0, None])
    assert asked(labelled=[1, 2, 3], labels=["fine", "crack", None]).picks.tolist() == numbered.picks.tolist()


def test_labels_of_unknown_length__are_counted_by_going_through_them() -> None:
    """A generator has no length; it is read once, and its length then has to fit."""
    listed = asked(labelled=[1, 2], labels=[0, 1])
    assert asked(labelled=iter([1, 2]), labels=(label for label in [0, 1])).picks.tolist() == listed.picks.tolist()
    with pytest.raises(SettingsError, match="labels: wanted none or 2"):
        asked(labelled=iter([1, 2]), labels=(label for label in [0]))


def test_unknown_answers__keep_an_image_from_being_asked_about_again() -> None:
    assert not set(asked(labelled=range(50), labels=[None] * 50, budget=60).picks.tolist()) & set(range(50))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    objectives=st.sampled_from([*WITH_MODEL, "random", "errors", "similar_to", "away_from", "metadata_balance", "bald"]),
    min_distance=st.sampled_from([0.0, 0.3, 0.9]),
    max_per_clip=st.sampled_from([None, 1, 2]),
)
def test_minimum_distance_clip_limit_and_labels__are_respected_by_every_objective(
    seed: int, objectives: str, min_distance: float, max_per_clip: int | None
) -> None:
    generator = np.random.default_rng(seed)
    rows = np.repeat(generator.normal(size=(20, 4)), 2, axis=0)
    labelled = generator.permutation(40)[:6]
    clips = [f"clip {number % 7}" for number in range(40)]
    wishes = Wishes(
        tagged={tag: {0: 1.0, 5: 0.5} for tag in ("errors", "similar_to", "away_from")},
        max_per_clip=max_per_clip,
        belief_draws=generator.dirichlet([1, 1], (3, 40)).astype(np.float32),
    )
    picks = choose(
        rows,
        budget=15,
        seed=seed,
        labelled=labelled,
        beliefs=generator.dirichlet([1, 1], 40),
        metadata=[{"clip": clip} for clip in clips],
        objectives=objectives,
        min_distance=min_distance,
        wishes=wishes,
    ).picks.tolist()
    assert len(set(picks)) == len(picks) <= 15
    assert not set(picks) & set(labelled.tolist())
    units = unit_rows(rows).astype(np.float64)
    for number, pick in enumerate(picks):
        taken = units[[*labelled.tolist(), *picks[:number]]]
        assert np.linalg.norm(taken - units[pick], axis=1).min() >= min_distance - 1e-3
    if max_per_clip is not None:
        assert max([clips.count(clip) and [clips[pick] for pick in picks].count(clip) for clip in clips]) <= max_per_clip
