"""Tests of the decision to train: only with new labels, unless a person decides otherwise."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline_tasks.datasets.training_decision import decide_training, decide_training_again, new_labels
from pipeline_tasks.kinds.classes.class_kind import ClassKind

ROWS = pl.DataFrame(
    {
        "image_id": ["a", "b", "c"],
        "split": ["train", "train", "test"],
        "class_name": ["bolt", "nut", "nut"],
        "label_digest": ["1", "2", "2"],
    }
)


@pytest.mark.parametrize(
    ("trained", "wish", "min_new_labels", "should_train", "why"),
    [
        (None, "auto", 1, True, "Trained: the first model of this project, on 3 labelled images."),
        (None, "skip", 1, False, "Not trained: this cycle was started with training `skip`."),
        (ROWS, "force", 1, True, "Trained: this cycle was started with training `force`."),
        (ROWS, "auto", 0, False, "Not trained: the newest model was trained on exactly these labels."),
        (ROWS.head(2), "auto", 1, True, "Trained: 1 new labels since the newest model."),
        (ROWS.head(2), "auto", 2, False, "Not trained: 1 new labels since the newest model, training.min_new_labels asks for 2."),
    ],
)
def test_decide_training__says_why(
    trained: pl.DataFrame | None, wish: str, min_new_labels: int, should_train: bool, why: str
) -> None:
    decision = decide_training(ROWS, trained, wish, min_new_labels, "")

    assert (decision.should_train, decision.why) == (should_train, why)


def test_decide_training__trains_on_few_labels_after_a_renaming() -> None:
    decision = decide_training(ROWS, ROWS.head(2), "auto", 20, "", "the newest model still says 'nut'")

    assert (decision.should_train, decision.why) == (True, "Trained: the newest model still says 'nut'.")
    assert not decide_training(ROWS, ROWS.head(2), "skip", 20, "", "the newest model still says 'nut'").should_train


def test_decide_training__trains_nothing_that_the_kind_cannot_learn_even_when_forced() -> None:
    modelling = ClassKind(("bolt", "nut")).modelling
    why_not = modelling.why_not_train(ROWS.filter(pl.col("split") == "train", pl.col("image_id") != "b"))
    decision = decide_training(ROWS, None, "force", 1, why_not)

    assert not decision.should_train
    assert decision.why == "Not trained: a model needs training images of at least 2 classes, the version has 1."
    assert modelling.why_not_train(ROWS) == ""


def test_new_labels__counts_changed_labels_too() -> None:
    earlier = ROWS.with_columns(label_digest=pl.Series(["1", "9", "2"]))

    assert new_labels(ROWS, earlier) == 1
    assert new_labels(ROWS, None) == 3


@pytest.mark.parametrize(
    ("is_trained_on", "wish", "should_train", "why"),
    [
        (False, "auto", True, "Trained: a person restored this dataset version in cycle c."),
        (True, "auto", False, "Not trained: the newest model was trained on this version, restored in cycle c."),
        (True, "force", True, "Trained: this cycle was started with training `force`."),
        (False, "skip", False, "Not trained: this cycle was started with training `skip`."),
    ],
)
def test_decide_training_again__trains_once_on_a_restored_version(
    is_trained_on: bool, wish: str, should_train: bool, why: str
) -> None:
    decision = decide_training_again(ROWS, wish, "c", "", is_trained_on=is_trained_on)

    assert (decision.should_train, decision.why) == (should_train, why)
