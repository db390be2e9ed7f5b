"""Tests of values of a project's state: typed in the code, plain JSON in the ledger."""

from __future__ import annotations

import pytest

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.records.project_state import (
    Candidate,
    Champion,
    Collection,
    Dataset,
    Ended,
    Engine,
    LabelStudioLooks,
    RestoredDataset,
    StateValue,
    changes_as_json,
    value_in,
)

JSON = {
    Champion("m", "d", "2026-11-21", "7"): {
        "model_digest": "m",
        "dataset_id": "d",
        "cycle_id": "2026-11-21",
        "registry_version": "7",
    },
    Candidate("m", "d", "2026-11-20", "2026-11-21", None): {
        "model_digest": "m",
        "dataset_id": "d",
        "dataset_cycle_id": "2026-11-20",
        "cycle_id": "2026-11-21",
        "registry_version": None,
    },
    Dataset("d", "2026-11-21"): {"dataset_id": "d", "cycle_id": "2026-11-21"},
    RestoredDataset("d", "2026-11-21", "2026-11-22"): {
        "dataset_id": "d",
        "cycle_id": "2026-11-21",
        "restored_in": "2026-11-22",
    },
    Engine("int8"): "int8",
    Collection("2026-11-21"): "2026-11-21",
}


@pytest.mark.parametrize(("value", "written"), JSON.items(), ids=lambda one: getattr(one, "key", ""))
def test_value__has_the_json_that_old_ledgers_hold(value: StateValue, written: object) -> None:
    assert changes_as_json([value]) == {value.key: written}
    assert value_in({value.key: written}, type(value), "here") == value


def test_looks__are_numbered_by_text_in_the_ledger() -> None:
    looks = LabelStudioLooks({7: "2026-11-21T22:00:00+00:00"})

    assert changes_as_json([looks]) == {"label_studio_looks": {"7": "2026-11-21T22:00:00+00:00"}}
    assert value_in(changes_as_json([looks]), LabelStudioLooks, "here") == looks


def test_value__that_was_removed_or_never_set_is_none() -> None:
    assert changes_as_json([Ended(RestoredDataset)]) == {"restored_dataset": None}
    assert value_in({"restored_dataset": None}, RestoredDataset, "here") is None
    assert value_in({}, Champion, "here") is None


def test_value__of_another_form_names_its_place() -> None:
    with pytest.raises(CorruptObjectError, match="ledger/7, champion: wanted the fields of a Champion, found 'm'"):
        value_in({"champion": "m"}, Champion, "ledger/7")
