"""Tests of the power-loss drill at a small size: it finds a store that omits any one of its syncs."""

from __future__ import annotations

import random
from pathlib import Path
from unittest.mock import patch

import pytest
from drills import power_loss
from drills.crash_states import Reached, crash_states
from drills.disk_trace import BASE, Op, Trace
from drills.forgetful_stores import LinkBeforeSync, NoFileSync, NoFolderSync
from drills.power_loss_workloads import WORKLOADS
from drills.promises import Promise, allowed, broken

from pipeline_tasks.errors import AlreadyThereError
from pipeline_tasks.storage.objects.disk_objects import DiskObjects

COMMIT, EMPTY = WORKLOADS["put and commit"], WORKLOADS["empty"]
FIRST_LINK = ("disk.link.after", 1)


@pytest.mark.slow
def test_power_loss__breaks_no_promise_in_any_state() -> None:
    assert power_loss.run(samples=1, opened=40, kills=2)


@pytest.mark.slow
@pytest.mark.parametrize("forgetful", [NoFileSync, NoFolderSync, LinkBeforeSync])
def test_power_loss__finds_a_store_that_does_not_sync(tmp_path: Path, forgetful: type[Trace]) -> None:
    recorded = power_loss.record(tmp_path / "base", COMMIT, make_trace=forgetful)

    assert power_loss.cut(recorded, 2, random.Random(1)).wrong


@pytest.mark.slow
def test_power_loss__finds_a_store_that_syncs_no_new_folder(tmp_path: Path) -> None:
    with patch.object(DiskObjects, "_make_folder", lambda _, folder: folder.mkdir(parents=True, exist_ok=True)):
        recorded = power_loss.record(tmp_path / "base", COMMIT)

    assert power_loss.cut(recorded, 2, random.Random(1)).wrong


@pytest.mark.slow
def test_power_loss__finds_a_store_that_refers_to_an_object_that_a_killed_write_never_synced(tmp_path: Path) -> None:
    with patch.object(DiskObjects, "_already_there", lambda _, path: AlreadyThereError(str(path))):
        recorded = power_loss.record(tmp_path / "put", COMMIT, FIRST_LINK)
    assert power_loss.cut(recorded, 1, random.Random(1)).wrong

    with patch.object(DiskObjects, "_settle", lambda *_: None):
        recorded = power_loss.record(tmp_path / "read", EMPTY, FIRST_LINK)
    assert power_loss.cut(recorded, 1, random.Random(1)).wrong


def test_trace__replayed_gives_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "before").write_bytes(b"before")
    trace = Trace(tmp_path)
    with trace.listening():
        objects = DiskObjects(tmp_path / "root")
        etag = objects.write_new("a/b", b"1")
        objects.replace("a/b", b"2", etag)
        objects.write_new("a/c", b"3")
        objects.delete("a/c")

    assert power_loss.replayed(trace) == power_loss.tree_of(tmp_path)
    assert [op.kind for op in trace.ops].count("sync_file") == 4


def test_crash_states__of_an_unsynced_file_hold_nothing_zeros_a_torn_beginning_or_all() -> None:
    reached = Reached()
    for op in [Op("name", BASE, "file", 1), Op("write", file=1, content=b"12"), Op("sync_folder", BASE)]:
        reached.go_on(op)

    found = {tree["file"] for tree in crash_states(reached, {BASE}, random.Random(1), 100)}

    assert found == {b"", b"\0\0", b"1", b"12"}


def test_crash_states__of_unsynced_names_are_every_subset() -> None:
    reached = Reached()
    ops = [Op("name", BASE, "a", 1), Op("sync_file", file=1), Op("name", BASE, "b", 1), Op("unname", BASE, "a")]
    for op in ops:
        reached.go_on(op)

    found = {tuple(sorted(tree)) for tree in crash_states(reached, {BASE}, random.Random(1), 200)}

    assert found == {(), ("a",), ("b",), ("a", "b")}


def test_broken__names_missing_promised_objects(tmp_path: Path) -> None:
    promises = [Promise("root/a", b"1", 0, 4), Promise("root/a", b"2", 5, None), Promise("root/b", b"3", 5, 9)]

    assert broken({"root/a": b"1"}, allowed({}, promises, 4)) == []
    assert broken({"root/a": b"2"}, allowed({}, promises, 6)) == []
    assert broken({"root/a": b"1", "root/b": None}, allowed({}, promises, 9)) == ["root/b: lost"]
    assert broken({}, allowed({}, promises, 4)) == ["root/a: lost"]
    assert broken({"root/a": b"1", "root/c": b""}, allowed({}, promises, 4)) == ["root/c: nobody wrote it"]
