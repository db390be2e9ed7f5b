"""Tests that doubted boxes are found by predictions of a model that had not seen their labels, and shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import given
import polars as pl
import pytest
from given_trays import MODEL, NAMES, Sent, a_night_of_trays, with_four_wrong, with_six_nuts_missing

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.stages.deploy.write_cycle_report import write_cycle_report
from pipeline_tasks.stages.label.find_label_errors import find_label_errors
from pipeline_tasks.storage.blobs.report_files import read_report_file
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label_object import PreAnnotatedObject
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import Table, empty


@pytest.mark.parametrize("of_test", [False, True])
def test_find_label_errors__names_the_object_and_what_is_wrong(store: Store, of_test: bool) -> None:
    cycle = a_night_of_trays(store, with_four_wrong(), of_test=of_test)

    summary = find_label_errors(store, cycle)

    assert summary.skipped is None
    assert (summary.labels_judged, summary.not_judged) == (80, 0)
    assert summary.suspects_by_name == {"badly placed": 1, "extra": 1, "missing": 1, "swapped": 1}
    rows = store.read(ObjectSuspect, cycle.cycle_id).with_columns(pl.col("wrong").cast(pl.String))
    found = {row["image_id"]: (row["wrong"], row["given_name"], row["suggested_name"]) for row in rows.iter_rows(named=True)}
    assert found == {
        given.image_id(NAMES[3]): ("missing", None, "nut"),
        given.image_id(NAMES[5]): ("extra", "bolt", None),
        given.image_id(NAMES[7]): ("swapped", "bolt", "nut"),
        given.image_id(NAMES[9]): ("badly placed", "nut", "nut"),
    }
    assert set(rows["model_digest"]) == {MODEL}
    assert find_label_errors(store, cycle) == summary


def test_find_label_errors__keeps_doubts_that_are_worth_a_look_but_make_no_suspect(store: Store) -> None:
    cycle = a_night_of_trays(store, with_six_nuts_missing())

    summary = find_label_errors(store, cycle)

    assert (summary.suspects, summary.suspects_by_name, summary.worth_a_look) == (0, {}, 6)
    doubts = store.read(ObjectSuspect, cycle.cycle_id)["doubt"].to_list()
    assert (len(doubts), min(doubts) >= 0.25, max(doubts) < 0.5) == (6, True, True)

    write_cycle_report(store, cycle, cycle.started_at + timedelta(hours=1))

    page = read_report_file(store.objects, cycle.cycle_id).decode()
    assert "6 labels are worth a second look" in page
    assert "nut missing?" not in page


def test_write_cycle_report__draws_doubted_objects(store: Store) -> None:
    cycle = a_night_of_trays(store, with_four_wrong())
    find_label_errors(store, cycle)

    write_cycle_report(store, cycle, cycle.started_at + timedelta(hours=1))

    page = read_report_file(store.objects, cycle.cycle_id).decode()
    assert "4 objects are doubted in the labels of 80 images." in page
    for title in ("nut missing?", "bolt not there?", "bolt → nut?", "nut badly placed?"):
        assert title in page
    assert page.count("shape label marked") == 3


def test_find_label_errors__reads_the_history_of_pre_annotations_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    cycle = a_night_of_trays(store, with_four_wrong())
    read: list[str] = []
    history = Store.history

    def noted(self: Store, table: type[Table], *columns: Sequence[str]) -> pl.DataFrame:
        read.append(table.table_name)
        return history(self, table, *columns)

    monkeypatch.setattr(Store, "history", noted)

    find_label_errors(store, cycle)

    assert read.count("pre_annotations") == 1


def test_find_label_errors__trusts_no_model_that_predicted_for_a_second_look_as_it_may_have_learnt_the_label(store: Store) -> None:
    cycle = a_night_of_trays(store, with_four_wrong())
    again, other = given.image_id(NAMES[3]), "b" * 64
    said = pl.DataFrame([{"image_id": again, "round_id": "next", "arm": "blind", "confidence": 0.9, "model_digest": other}])
    (wrong,) = with_four_wrong()[3]
    learnt = vars(kind_of(cycle.project).labeling.as_columns(wrong)) | {"image_id": again, "object_index": 0, "confidence": 0.9}
    rows = pl.DataFrame([learnt | {"round_id": "next"}], infer_schema_length=None).select(empty(PreAnnotatedObject).columns)
    look = {"image_id": again, "round_id": "next", "purpose": "overlap", "rank": 0, "reason": "its votes do not suffice"}
    looks = pl.DataFrame([look | {"given_name": None, "suggested_name": None}])
    store.finish(cycle.cycle_id, "given_next", Sent(), [(PreAnnotation, said), (PreAnnotatedObject, rows), (SecondLook, looks)])

    find_label_errors(store, cycle)

    (found,) = store.read(ObjectSuspect, cycle.cycle_id).filter(image_id=again).iter_rows(named=True)
    assert (found["suggested_name"], found["model_digest"]) == ("nut", MODEL)
