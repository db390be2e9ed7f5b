"""Tests that a candidate without a class of the champion is not promoted, unless the project file states the removal."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from pipeline_tasks.evaluation.lost_names import names_lost
from pipeline_tasks.evaluation.rules import Asked, lost_names_rule
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges


def a_manifest(*, test: str = "", **train: int) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [{"class_name": None, "split": "train"}]
    rows += [{"class_name": name, "split": "train"} for name, count in train.items() for _ in range(count)]
    rows += [{"class_name": name, "split": "test"} for name in test.split()]
    return pl.DataFrame(rows, infer_schema_length=None)


CHAMPION = a_manifest(car=5, tree=3, building=4)


@pytest.mark.parametrize(
    ("candidate", "changes", "lost"),
    [
        (a_manifest(car=1, tree=1, building=1), NO_CHANGES, {}),
        (a_manifest(building=40), NO_CHANGES, {"car": 5, "tree": 3}),
        (a_manifest(car=5, building=4, test="tree tree"), NO_CHANGES, {"tree": 3}),
        (a_manifest(vehicle=5, tree=3, building=4), NameChanges((("car", "vehicle"),)), {}),
        (a_manifest(thing=8, building=4), NameChanges((("car", "thing"), ("tree", "thing"))), {}),
        (a_manifest(building=4), NameChanges((("car", "thing"), ("tree", "thing"))), {"thing": 8}),
        (a_manifest(car=5, building=4), NameChanges(removed=("tree",)), {}),
    ],
)
def test_names_lost__are_those_without_a_training_image_by_names_of_today(
    candidate: pl.DataFrame, changes: NameChanges, lost: dict[str, int]
) -> None:
    assert names_lost(CHAMPION, candidate, changes) == lost


def test_lost_names_rule__stops_a_candidate_that_lost_a_class_and_names_the_setting() -> None:
    held = lost_names_rule({"car": 5, "tree": 3}, Asked("must"), "class")

    assert held is not None
    assert held.stops
    assert held.says == (
        "the candidate has no training image of the class 'car' (the champion learnt it from 5), 'tree' (the "
        "champion learnt it from 3), so it would lose what the champion learnt. If a class was renamed, add it to "
        "renamed_classes; if it is no longer wanted, to removed_classes."
    )
    assert lost_names_rule({}, Asked("must"), "class") is None
    assert lost_names_rule({"car": 5}, Asked("off"), "class") is None
