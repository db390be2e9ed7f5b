import math
import subprocess
import sys

import numpy as np
import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection.choosing import choose
from pipeline_tasks.selection.coverage import Coverage
from pipeline_tasks.selection.pool import Pool


def at(*degrees: float) -> np.ndarray:
    return np.array([[math.cos(math.radians(one)), math.sin(math.radians(one))] for one in degrees], np.float32)


def test_choose__is_the_packages_entry_point_and_imports_numpy_only() -> None:
    code = """
import sys
import pipeline_tasks.selection
assert "numpy" not in sys.modules
from pipeline_tasks.selection import choose
selection = choose([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], budget=2, seed=1, labelled=[0, 1], labels=["crack", "fine"])
assert sorted(selection.picks) == [2, 3] and all(selection.reasons)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"polars", "pydantic", "dataframely", "torch", "faiss", "scipy"}))
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout
    assert said == "[]\n"


def test_choose__takes_one_of_each_heap_before_a_second_one() -> None:
    heaps = at(0, 1, 2, 3, 90, 91, 92, 180, 181)
    picks = choose(heaps, budget=3, seed=0).picks
    assert sorted(pick // 4 if pick < 7 else 2 for pick in picks) == [0, 1, 2]


def test_choose__skips_labelled_images_and_their_neighbours() -> None:
    chosen = choose(at(0, 1, 2, 180, 181), budget=1, seed=0, labelled=[0], labels=[0])
    assert chosen.picks[0] in (3, 4)


@pytest.mark.parametrize("objectives", ["random", "margin", "entropy", "least_confidence", "typicality", "auto"])
def test_choose__never_picks_a_labelled_image(objectives: str) -> None:
    """Also if a labelled row has the highest score, because some scores do not depend on labels."""
    rows = np.random.default_rng(3).normal(size=(60, 4))
    beliefs = np.random.default_rng(4).dirichlet(np.ones(3), size=60)
    first = choose(rows, budget=20, seed=0, beliefs=beliefs, objectives=objectives).picks
    second = choose(rows, budget=40, seed=0, labelled=first, beliefs=beliefs, objectives=objectives).picks
    assert sorted([*first, *second]) == list(range(60))


def test_choose__diversity_picks_the_farthest_image_each_time() -> None:
    chosen = choose(at(0, 10, 90, 170), budget=3, seed=0, labelled=[0], objectives="diversity")
    assert chosen.picks.tolist() == [3, 2, 1]
    assert chosen.reasons[0].startswith("far from everything")


def test_choose__margin_picks_the_most_uncertain_first_and_names_the_two_classes() -> None:
    beliefs = [[0.9, 0.1, 0.0], [0.4, 0.35, 0.25], [0.6, 0.4, 0.0]]
    chosen = choose(
        at(0, 90, 180),
        budget=2,
        seed=0,
        beliefs=beliefs,
        objectives="margin",
        vocabulary=("crack", "scratch", "fine"),
    )
    assert chosen.picks.tolist() == [1, 2]
    assert chosen.reasons[0] == "the model is undecided between crack (40%) and scratch (35%)"
    assert chosen.scores["margin"].tolist() == [pytest.approx(0.95), pytest.approx(0.8)]


def test_choose__class_balance_picks_the_class_with_fewest_labels() -> None:
    beliefs = [[1, 0], [1, 0], [0, 1], [1, 0]]
    chosen = choose(
        at(0, 90, 180, 270),
        budget=1,
        seed=0,
        labelled=[0, 1],
        labels=[0, 0],
        beliefs=beliefs,
        objectives="class_balance",
    )
    assert chosen.picks.tolist() == [2]
    assert "class 1" in chosen.reasons[0]


def test_choose__class_balance_counts_unknown_labels_by_the_models_prediction() -> None:
    beliefs = [[0, 1], [1, 0], [0, 1]]
    chosen = choose(at(0, 90, 180), budget=1, seed=0, labelled=[0], labels=[None], beliefs=beliefs, objectives="class_balance")
    assert chosen.picks.tolist() == [1]


def test_choose__weighs_several_objectives_and_names_the_dominant_one() -> None:
    beliefs = [[0.5, 0.5], [1, 0], [1, 0]]
    chosen = choose(at(0, 90, 91), budget=3, seed=0, beliefs=beliefs, objectives={"margin": 5.0, "diversity": 1.0})
    assert chosen.picks[0] == 0
    assert chosen.strategy[0] == "margin"
    assert set(chosen.scores) == {"margin", "diversity"}


def two_heaps(right: bool) -> tuple[np.ndarray, list[int], list[int]]:
    """Sixty images in two clusters of thirty; labels of the first ten of each, equal to the clusters or not."""
    generator = np.random.default_rng(0)
    heaps = np.repeat(np.eye(12)[:2], 30, axis=0) + 0.05 * generator.normal(size=(60, 12))
    labelled = [*range(10), *range(30, 40)]
    return heaps, labelled, [row // 30 if right else row % 2 for row in labelled]


def test_choose__auto_uses_a_model_that_cross_validation_confirms() -> None:
    """One image of a cluster is uncertain; the cluster is covered equally in both cases."""
    beliefs = np.tile([1.0, 0.0], (60, 1))
    beliefs[45] = 0.5
    for right in (True, False):
        rows, labelled, labels = two_heaps(right)
        weights = {"coverage": 1.0}
        with_model = choose(rows, budget=1, seed=0, labelled=labelled, labels=labels, beliefs=beliefs, objectives=weights)
        without = choose(rows, budget=1, seed=0, labelled=labelled, objectives=weights)
        assert (with_model.picks[0] == without.picks[0]) is not right


@pytest.mark.parametrize(
    ("labels_follow", "model_is_right", "is_followed"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_choose__auto_uses_a_model_only_where_labels_confirm_it(
    labels_follow: bool, model_is_right: bool, is_followed: bool
) -> None:
    """The model is undecided about one half of the second of two covered clusters. Picks must go there only if the labels follow
    the clusters and the model predicts the labelled images correctly."""
    rows, labelled, labels = two_heaps(labels_follow)
    beliefs = np.repeat([[0.98, 0.02], [0.02, 0.98]], 30, axis=0)
    doubtful = range(45, 60)
    beliefs[doubtful] = 0.5
    without = choose(rows, budget=6, seed=0, labelled=labelled, labels=labels).picks
    chosen = choose(
        rows,
        budget=6,
        seed=0,
        labelled=labelled,
        labels=labels,
        beliefs=beliefs if model_is_right else beliefs[:, ::-1],
    )
    by_coverage = [pick for pick, name in zip(chosen.picks, chosen.strategy, strict=True) if name == "balanced_coverage"]
    if is_followed:
        assert all(pick in doubtful for pick in by_coverage)
        assert chosen.picks.tolist() != without.tolist()
    else:
        assert not all(pick in doubtful for pick in by_coverage)


@pytest.mark.parametrize(("right", "is_said"), [(True, True), (False, False)])
def test_choose__coverage_names_the_uncertainty_that_it_used(right: bool, is_said: bool) -> None:
    rows, labelled, labels = two_heaps(right)
    beliefs = np.repeat([[0.98, 0.02], [0.02, 0.98]], 30, axis=0)
    beliefs[45:] = 0.5
    given = {"labelled": labelled, "labels": labels, "beliefs": beliefs}
    chosen = choose(rows, budget=1, seed=0, objectives="coverage", **given)
    assert chosen.reasons[0].startswith("represents about")
    assert chosen.reasons[0].endswith("yet; the model is undecided between class 1 (50%) and class 0 (50%)") is is_said


def test_choose__auto_alternates_between_coverage_and_diversity() -> None:
    rows, labelled, labels = two_heaps(right=True)
    rows[59] = -rows[0]
    chosen = choose(rows, budget=5, seed=0, labelled=labelled, labels=labels)
    assert chosen.strategy == ("balanced_coverage", "diversity", "diversity", "diversity", "balanced_coverage")
    assert set(chosen.scores) == {"balanced_coverage", "diversity"}
    assert 59 in chosen.picks[:3]
    assert len(set(chosen.picks.tolist())) == 5


def test_choose__keeps_the_minimum_distance_to_labels_and_picks() -> None:
    chosen = choose(at(0, 5, 20, 23, 60), budget=5, seed=0, labelled=[0], min_distance=2 * math.sin(math.radians(5)))
    assert sorted(chosen.picks.tolist()) in ([2, 4], [3, 4])
    assert len(choose(at(*[30] * 4), budget=4, seed=0, min_distance=0.1).picks) == 1


def by_angle(pool: Pool) -> np.ndarray:
    return pool.units[:, 1]


def of_wrong_shape(pool: Pool) -> list[float]:
    return [1.0]


def test_choose__uses_a_custom_function() -> None:
    name = f"{__name__}:by_angle"
    sys.modules.setdefault(__name__, sys.modules[by_angle.__module__])
    chosen = choose(at(0, 90, 45), budget=2, seed=0, objectives=name)
    assert chosen.picks.tolist() == [1, 2]
    assert chosen.reasons[0] == f"{name} ranks it before others"


@pytest.mark.parametrize(
    ("function", "says"), [("of_wrong_shape", "wanted 3 finite scores"), ("nowhere", "nowhere' cannot be imported: .*nowhere")]
)
def test_choose__says_what_is_wrong_with_a_custom_function(function: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        choose(at(0, 90, 45), budget=2, seed=0, objectives=f"{__name__}:{function}")


def test_choose__twice_is_the_same_and_other_seeds_change_only_what_is_random() -> None:
    rows = np.random.default_rng(1).normal(size=(80, 8))
    assert choose(rows, budget=9, seed=1).picks.tolist() == choose(rows, budget=9, seed=2).picks.tolist()
    drawn = [choose(rows, budget=9, seed=seed, objectives="random").picks.tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_choose__picks_as_the_plain_greedy_method_does() -> None:
    units = unit_rows(np.random.default_rng(2).normal(size=(700, 6)))
    plain, wanted = Coverage(units, np.zeros(0, np.int64), 25, np.ones(700)), []
    for _ in range(25):
        gains = plain.gains(np.arange(700))
        gains[wanted] = -1
        wanted.append(int(gains.argmax()))
        plain.add(wanted[-1])
    assert choose(units, budget=25, seed=0, objectives="coverage").picks.tolist() == wanted


def test_choose__takes_identical_images_one_after_the_other() -> None:
    assert choose(at(*[30] * 5), budget=3, seed=0).picks.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("rows", "labelled", "budget", "count"),
    [(1, [], 5, 1), (3, [], 0, 0), (3, [0, 1, 2], 2, 0), (0, [], 3, 0), (3, [1], 9, 2)],
)
def test_choose__returns_at_most_the_unlabelled_rows(rows: int, labelled: list[int], budget: int, count: int) -> None:
    chosen = choose(at(*range(rows)).reshape(rows, 2), budget=budget, seed=0, labelled=labelled)
    assert len(chosen.picks) == len(chosen.reasons) == len(chosen.strategy) == count
    assert not set(chosen.picks.tolist()) & set(labelled)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"embeddings": [[math.nan, 1.0]] * 3}, "embeddings: wanted finite"),
        ({"embeddings": [1.0, 2.0]}, "N x D"),
        ({"budget": -1}, "budget: wanted 0 or more"),
        ({"min_distance": -0.1}, "min_distance: wanted 0 or more"),
        ({"labelled": [3]}, "labelled: wanted row numbers"),
        ({"labelled": [0], "labels": [0, 1]}, "labels: wanted none or 1"),
        ({"labelled": [0], "labels": ["bolt"], "vocabulary": ["nut"]}, "labels: wanted one of vocabulary"),
        ({"metadata": [{}]}, "metadata: wanted 3"),
        ({"beliefs": [[0.5, 0.5]]}, "beliefs: wanted a matrix of 3"),
        ({"beliefs": [[0.5, math.nan]] * 3}, "beliefs: wanted finite"),
        ({"objectives": "magic"}, "unknown strategy 'magic' .did you mean 'margin'"),
        ({"objectives": {}}, "no strategy is named"),
        ({"objectives": {"coverage": 0.0}}, "weights must be above 0"),
        ({"objectives": "margin"}, "wanted a model's beliefs"),
    ],
)
def test_choose__says_which_argument_is_wrong(change: dict[str, object], says: str) -> None:
    arguments: dict[str, object] = {"embeddings": at(0, 90, 180), "budget": 1, "seed": 0} | change
    with pytest.raises(SettingsError, match=says):
        choose(arguments.pop("embeddings"), **arguments)  # type: ignore[arg-type]
