"""Tests of roots of earlier releases: they open, give the same results, and continue. One zip a release, from `make_old_root`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from given_night import NIGHTLY
from old_roots.an_old_root import RELEASES, OldRoot, an_old_root
from old_roots.contents_of_a_root import contents_of, fold_sha256, rows_sha256

from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import verify_version
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.ledger.state import digest_of_fold
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.table import form_of
from pipeline_tasks.wiring.outside_copies import OutsideCopies

pytestmark = pytest.mark.slow


@pytest.fixture(params=RELEASES)
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OldRoot:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    return an_old_root(request.param, tmp_path)


def test_old_root__has_the_same_state_with_its_snapshot_and_without(old: OldRoot) -> None:
    wanted = old.expected["digest_of_fold"], old.expected["fold_sha256"]

    assert (digest_of_fold(old.store.state()), fold_sha256(old.store.state())) == wanted
    for key in list(old.store.objects.list(layout.SNAPSHOTS)):
        old.store.objects.delete(key)
    assert (digest_of_fold(old.store.state()), fold_sha256(old.store.state())) == wanted


def test_old_root__has_every_row_of_every_table(old: OldRoot) -> None:
    tables = {table.table_name: table for table in ALL_TABLES}

    for name, wanted in old.expected["tables"].items():
        history, current = old.store.history(tables[name]), old.store.current(tables[name])
        columns = [column for column in wanted["columns"] if column in history.columns]
        assert (history.height, current.height) == (wanted["history_rows"], wanted["current_rows"]), name
        if columns == wanted["columns"] and wanted["version"] == form_of(tables[name]).version:
            assert rows_sha256(history, columns) == wanted["history_sha256"], name
            assert rows_sha256(current, columns) == wanted["current_sha256"], name


def test_old_root__has_the_same_explanations(old: OldRoot) -> None:
    found = contents_of(old.store, list(old.expected["images"].values()), old.log_folder)

    for name in ("dataset_ids", "champion", "versions_list", "versions_show"):
        assert contains(found[name], old.expected[name]), name
    for name, wanted in old.expected["explain"].items():
        assert contains(found["explain"][name], wanted), name


def test_old_root__completes_an_interrupted_night_and_the_next_one(old: OldRoot) -> None:
    ended = old.night.cycle("2026-11-23", cycle_arguments=CycleArguments(training="force"))
    old.night.bring(range(50, 54))
    told = old.night.cycle("2026-11-24")

    assert ended["build_dataset_version"]["dataset_id"] == old.expected["dataset_ids"][-1]
    assert ended["train_model"]["resumed_from_epoch"] in (None, 5)
    assert told["record_images"]["images_new"] == 8
    assert told["build_dataset_version"]["is_changed"]
    assert told["compare_with_champion"]["why"]
    assert layout.report("2026-11-24", "index.html") in set(old.store.objects.list("reports/"))
    assert verify_objects(old.store.objects)[0].damaged == []


def test_old_root__reports_rolls_back_and_restores(old: OldRoot) -> None:
    first = old.expected["dataset_ids"][0]
    other = old.expected["versions_list"]["versions"][1]["models"][0]["model_digest"]

    for stage in NIGHTLY:
        old.night.run(stage, "2026-11-21")
    old.night.run("restore_dataset_version", "2026-11-24T100000", dataset_id=first[:12])
    old.night.run("roll_back", "2026-11-24T110000", to_model_digest=other)

    assert old.store.state().values["restored_dataset"]["dataset_id"] == first
    assert old.store.state().values["champion"]["model_digest"] == other
    for version in dataset_versions(old.store):
        with progress_bar("verify", io.StringIO()) as progress:
            assert verify_version(old.store, version, progress, reads_bytes=True).is_fine
    assert layout.report("2026-11-21", "index.html") in set(old.store.objects.list("reports/"))


def test_old_root__completes_an_interrupted_erasure_and_erases_another_image(old: OldRoot) -> None:
    wanted = old.expected["images"]["asked"]

    assert erase(old, "2026-11-22T121000")["left_outside"] == []
    assert erase(old, "2026-11-24T120000", wanted[:12])["images"] == 1

    assert not list(old.store.objects.list(layout.ERASURE_PLANS))
    assert verify_objects(old.store.objects)[0].damaged == []
    for key in old.store.objects.list(""):
        assert wanted.encode() not in old.store.objects.read(key).content, key
    old.night.cycle("2026-11-24")
    assert old.store.read(RejectedSighting, "2026-11-24").filter(reason="erased").height >= 1


def test_old_root__keeps_its_frozen_settings(old: OldRoot) -> None:
    for cycle_id in old.store.state().stages:
        cycle = read_cycle(old.store, cycle_id)
        assert (cycle.cycle_id, cycle.project.project, cycle.generation) == (cycle_id, "parts", 2)


KINDS_OF_NODES = {"answer": "prediction", "answer of model": "test prediction"}
"""Name of a thing in the lineages of 0.1.0 → its name since 0.2.0 (CHANGELOG.md)."""


def contains(found: Any, wanted: Any) -> bool:
    """Compare old and new output: all old values must be there, with any wording, and more may be added."""
    if isinstance(wanted, dict):
        if "children" in wanted:
            wanted = wanted | {"kind": KINDS_OF_NODES.get(wanted["kind"], wanted["kind"])}
        said = {name: one for name, one in wanted.items() if name not in ("says", "reason", "why")}
        return isinstance(found, dict) and all(name in found and contains(found[name], one) for name, one in said.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(contains, found, wanted))
    return bool(found == wanted)


def erase(old: OldRoot, cycle_id: str, *image_ids: str) -> dict[str, Any]:
    outside = OutsideCopies(old.night.project, old.night.folder, lambda where: DiskObjects(Path(where)))
    label_studio = old.night.server.client()
    return old.night.run("erase", cycle_id, image_ids=image_ids, label_studio_if_there=label_studio, outside_copies=outside)
