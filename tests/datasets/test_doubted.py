"""Tests of the doubted labels that are left out of training."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.datasets.doubted import doubted_in_training, doubted_objects_in_training

ROWS = pl.DataFrame(
    [(f"b{number}", "train", "bolt") for number in range(6)]
    + [(f"n{number}", "train", "nut") for number in range(6)]
    + [("g0", "train", "gear"), ("g1", "train", "gear"), ("v0", "val", "bolt"), ("t0", "test", "bolt")],
    schema=["image_id", "split", "class_name"],
    orient="row",
)


def doubted(*image_ids: str, given_name: str = "bolt") -> dict[str, str]:
    suspects = pl.DataFrame({"image_id": image_ids}).with_columns(given_name=pl.lit(given_name))
    return doubted_in_training(ROWS, suspects)


def test_doubted_labels__are_left_out_of_training_alone() -> None:
    assert doubted("b1", "v0", "t0", "elsewhere") == {"b1": "doubted_label"}


def test_doubted_labels__stay_if_the_version_says_another_name_than_was_doubted() -> None:
    assert doubted("b1", "n1", given_name="nut") == {"n1": "doubted_label"}


def test_doubted_labels__of_a_rare_name_stay() -> None:
    assert doubted("g0", given_name="gear") == {}


def test_doubted_objects__leave_their_training_image_out_unless_it_has_a_rare_name() -> None:
    names = {
        "b0": ["bolt", "nut"],
        "b1": ["bolt"],
        "b2": ["bolt", "gear"],
        "b3": ["nut"],
        "b4": ["bolt"],
        "b5": ["nut"],
        "v0": ["gear"],
    }
    named = pl.DataFrame(
        [(one, name) for one, held in names.items() for name in held], schema=["image_id", "class_name"], orient="row"
    )

    found = doubted_objects_in_training(ROWS, named, pl.Series(["b1", "b2", "n1", "v0"]))

    assert found == {"b1": "doubted_label", "n1": "doubted_label"}, "n1 is empty: an object may be missing in it"
