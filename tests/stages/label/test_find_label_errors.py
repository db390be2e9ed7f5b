"""Tests that doubted labels are found among those of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import given
import numpy as np
import polars as pl
import pytest
from given_images import AnImage, record
from given_version import a_label

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.stages.label.find_label_errors import find_label_errors
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.split_group import SplitGroup

OF_EACH = 12
NAMES = [f"{name} {number}" for name in ("bolt", "nut") for number in range(OF_EACH)]


@dataclass(frozen=True)
class Given:
    stage: ClassVar[str] = "resolve_labels"

    labels: int = 0


def a_labelled_night(store: Store, said: Sequence[str], votes: int = 1, agreement: float = 1.0, **settings: object) -> Cycle:
    """Twelve bolts and twelve nuts that look apart, with these labels."""
    cycle = given.an_open_cycle(store, **settings)
    generator = np.random.default_rng(3)
    centre = {"bolt": np.array([1, 0, 0, 0]), "nut": np.array([0, 1, 0, 0])}
    record(store, cycle.cycle_id, [AnImage(one, centre[one.split()[0]] + generator.normal(0, 0.1, 4)) for one in NAMES])
    ids = [given.image_id(one) for one in NAMES]
    written = dict(a_label(ids, said, cycle.cycle_id))
    labels = written[Label].with_columns(votes=pl.lit(votes, pl.Int32), agreement_ratio=pl.lit(agreement))
    groups = pl.DataFrame({"image_id": ids, "split_group_id": ids})
    store.finish(
        cycle.cycle_id, "resolve_labels", Given(), [(Label, labels), (LabelObject, written[LabelObject]), (SplitGroup, groups)]
    )
    return cycle


def with_two_wrong() -> list[str]:
    said = [one.split()[0] for one in NAMES]
    said[2], said[OF_EACH + 5] = "nut", "bolt"
    return said


def test_find_label_errors__names_the_label_and_the_better_one(store: Store) -> None:
    cycle = a_labelled_night(store, with_two_wrong())

    summary = find_label_errors(store, cycle)

    assert summary == FindLabelErrorsSummary(24, 2, {"bolt": 1, "nut": 1}, [])
    rows = store.read(LabelSuspect, cycle.cycle_id)
    found = {(row["image_id"], row["given_name"], row["suggested_name"]) for row in rows.iter_rows(named=True)}
    assert found == {(given.image_id("bolt 2"), "nut", "bolt"), (given.image_id("nut 5"), "bolt", "nut")}
    assert (rows["belief_suggested"] > rows["belief_given"]).all()
    assert find_label_errors(store, cycle) == summary


def test_find_label_errors__does_not_ask_again_about_labels_that_people_agree_on(store: Store) -> None:
    summary = find_label_errors(store, a_labelled_night(store, with_two_wrong(), votes=2))

    assert (summary.suspects, summary.agreed) == (0, 2)


def test_find_label_errors__doubts_labels_that_people_do_not_agree_on(store: Store) -> None:
    summary = find_label_errors(store, a_labelled_night(store, with_two_wrong(), votes=3, agreement=2 / 3))

    assert (summary.suspects, summary.agreed) == (2, 0)


def test_find_label_errors__says_that_one_name_cannot_be_judged(store: Store) -> None:
    summary = find_label_errors(store, a_labelled_night(store, ["bolt"] * 24))

    assert summary.labels_judged == 0
    assert summary.skipped == (
        "There are too few labels to judge one by the others: wanted two names and 5 split groups, found 1 and 24."
    )


def test_find_label_errors__says_that_no_model_predicted_in_images_with_objects(store: Store) -> None:
    summary = find_label_errors(store, a_labelled_night(store, with_two_wrong(), label_kind="box"))

    wanted = "wanted 20 labelled images in which a model predicted before it could learn them"
    assert summary.skipped == f"There are too few labels to judge: {wanted}, found 0."
    assert store.read(LabelSuspect, "2026-11-21").is_empty()
    assert store.read(ObjectSuspect, "2026-11-21").is_empty()


def test_find_label_errors__requires_the_labels(store: Store) -> None:
    cycle = given.an_open_cycle(store)

    with pytest.raises(MissingStageError, match="resolve_labels"):
        find_label_errors(store, cycle)
