"""Tests of the metrics of images with several classes, against figures that were counted by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.intervals.bootstrap import draw_groups
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.multi_label.matches import MultiLabelMatches
from pipeline_tasks.kinds.multi_label.scoring import MultiLabelScoring
from pipeline_tasks.kinds.name_changes import NameChanges

SCORING = MultiLabelScoring()
MODEL = "m" * 64
TRUTH = {"a": ["dent"], "b": ["dent", "stain"], "c": [], "d": ["stain"]}
SAID = {"a": {"dent": 0.9, "stain": 0.2}, "b": {"dent": 0.4, "stain": 0.7}, "c": {"dent": 0.6, "stain": 0.1}}
SAID |= {"d": {"dent": 0.1, "stain": 0.5}}


def images(truth: dict[str, list[str]]) -> pl.DataFrame:
    rows = [
        {"image_id": name, "split_group_id": name, "objects": [{"class_name": one} for one in classes]}
        for name, classes in truth.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"objects": pl.List(pl.Struct({"class_name": pl.String}))})


def predictions(said: dict[str, dict[str, float]]) -> pl.DataFrame:
    objects = [[ClassObject(name, one) for name, one in given.items()] for given in said.values()]
    return SCORING.prediction_rows(MODEL, list(said), objects)


def matches() -> MultiLabelMatches:
    return SCORING.match(predictions(SAID), images(TRUTH), MODEL)


def test_score__is_the_mean_f1_of_the_classes() -> None:
    found = matches()
    basis = SCORING.basis(found, 1)

    # dent: 1 hit, 2 named, 2 shown; stain: 2 hits, 2 named, 2 shown.
    assert SCORING.score(found, basis, draw_groups(4, 10, 0)).value == pytest.approx((2 * 1 / 4 + 1) / 2)
    assert SCORING.image_scores(found).tolist() == [1, 0.5, 0, 1]


def test_score__in_each_draw_is_that_of_the_drawn_images() -> None:
    found = matches()
    basis = SCORING.basis(found, 1)
    draws = draw_groups(4, 50, 0)

    score = SCORING.score(found, basis, draws)

    for row, counts in enumerate(draws.astype(int)):
        truth, said = np.repeat(found.truth, counts, axis=0), np.repeat(found.predicted, counts, axis=0)
        either = truth.sum(axis=0) + said.sum(axis=0)
        f1 = 2 * (truth & said).sum(axis=0)[either > 0] / either[either > 0]
        assert score.draws[row] == pytest.approx(f1.mean() if len(f1) else np.nan, nan_ok=True)


def test_figures__count_precision_recall_and_exact_images() -> None:
    found = matches()
    figures = list(SCORING.figures(found, SCORING.basis(found, 1), draw_groups(4, 200, 0), 0.95))
    values = {(one.metric, one.class_name): one.value for one in figures}

    assert values["recall", "dent"] == values["precision", "dent"] == values["f1", "dent"] == 0.5
    assert values["exact_images", ""] == 0.5
    assert values["jaccard", ""] == pytest.approx(2.5 / 4)
    assert values["log_loss", ""] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.7, 0.4, 0.9, 0.9, 0.5]).mean())
    assert {one.metric for one in figures if one.is_overall} == {
        *("f1_macro", "jaccard", "exact_images", "log_loss", "roc_auc", "average_precision")
    }
    # Areas have no interval: a bootstrap would sort all images in each sample.
    with_interval = [one for one in figures if one.is_overall and one.metric not in ("roc_auc", "average_precision")]
    assert all(one.low is not None and one.low <= one.value <= (one.high or 0) for one in with_interval)


def test_basis__leaves_rare_classes_out_and_says_when_none_is_left() -> None:
    found = SCORING.match(predictions(SAID), images(TRUTH | {"c": ["dent"]}), MODEL)

    assert SCORING.basis(found, 3).counted == ("dent",)
    assert SCORING.basis(found, 3).note == "Left out for being on fewer than 3 test images: stain."
    assert SCORING.basis(found, 9).why_too_small == "no class is on at least 9 test images."


def test_baseline__names_every_class_and_has_the_f1_of_that() -> None:
    found = SCORING.baseline(matches())

    # Each class is on 2 of 4 images: precision 1/2, recall 1.
    assert SCORING.score(found, SCORING.basis(matches(), 1), draw_groups(4, 5, 0)).value == pytest.approx(2 / 3)


def test_match__counts_merged_classes_by_the_most_probable_and_drops_removed_ones() -> None:
    scoring = MultiLabelScoring(NameChanges((("bump", "dent"), ("dimple", "dent")), ("dust",)))
    rows = predictions({"a": {"bump": 0.3, "dimple": 0.8, "dust": 0.9, "stain": 0.1}})

    found = scoring.match(rows, images({"a": ["dent"]}), MODEL)

    assert found.class_names == ("dent", "stain")
    assert found.probability.tolist() == [[0.8, 0.1]]


def test_match__counts_a_class_outside_the_models_vocabulary_as_missed() -> None:
    found = SCORING.match(predictions({"a": {"dent": 0.9, "stain": 0.2}}), images({"a": ["hole"]}), MODEL)

    assert found.class_names == ("dent", "hole", "stain")
    assert found.truth.tolist() == [[False, True, False]]
    assert found.predicted.tolist() == [[True, False, False]]


def test_gate__promotes_the_better_model_and_refuses_the_baseline() -> None:
    drawn = np.random.default_rng(0)
    truth = drawn.random((200, 4)) < 0.3
    good = MultiLabelMatches(tuple("abcd"), truth, truth ^ (drawn.random((200, 4)) < 0.05), truth * 0.9, np.arange(200))
    bad = MultiLabelMatches(tuple("abcd"), truth, truth ^ (drawn.random((200, 4)) < 0.5), truth * 0.9, np.arange(200))

    assert decide(SCORING, good, bad, Rule(0.02, 0.95, 500, 5, seed=1)).why.startswith("Promoted")
    first = decide(SCORING, bad, None, Rule(0.02, 0.95, 500, 5, seed=1))
    assert "naming every class in every image" in first.why
    assert not first.is_promoted


def test_figures__have_one_of_each_sort_for_each_of_20_classes() -> None:
    drawn = np.random.default_rng(0)
    truth = drawn.random((1000, 20)) < 0.2
    found = MultiLabelMatches(
        tuple(f"{number:02}" for number in range(20)), truth, truth ^ (drawn.random((1000, 20)) < 0.1), truth * 0.9, np.arange(1000)
    )
    figures = list(SCORING.figures(found, SCORING.basis(found, 5), draw_groups(1000, 2000, 0), 0.95))

    assert len(figures) == 6 + 5 * 20
