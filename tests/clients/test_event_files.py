"""Tests of TensorBoard's event files, read back by their format."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from clients.test_training_log import RUN, QuietLog, RememberingTracker

from pipeline_tasks.clients import event_files
from pipeline_tasks.clients.event_files import EventFiles
from pipeline_tasks.clients.training_log import TrainingLog
from pipeline_tasks.errors import ServiceUnavailableError

LENGTH, CHECK = 8, 4
"""Bytes of a record's length and of each check sum (TFRecord)."""


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    """Name, step and value of all scalars in a folder's files, in the order of writing."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for file in sorted(folder.glob("events.out.tfevents.*"), key=lambda one: one.stat().st_mtime_ns):
        content, at = file.read_bytes(), 0
        while at < len(content):
            (length,) = struct.unpack_from("<Q", content, at)
            event = Event.FromString(content[at + LENGTH + CHECK : at + LENGTH + CHECK + length])
            found += [(one.tag, event.step, one.simple_value) for one in event.summary.value if one.HasField("simple_value")]
            at += LENGTH + CHECK + length + CHECK
    return found


def test_event_files__hold_each_epoch_of_every_try(tmp_path: Path) -> None:
    for epochs in ([0, 1], [2]):
        with TrainingLog(RememberingTracker(), QuietLog(), RUN, event_log=EventFiles(tmp_path, "2026-11-21")) as log:
            for epoch in epochs:
                log.tell_epoch(epoch, {"train_loss": 1.5, "val_loss": 1.0 - epoch / 4})
            log.end({})

    assert log.notes == []
    assert len(list((tmp_path / "2026-11-21").iterdir())) == 2
    found = scalars(tmp_path / "2026-11-21")
    assert [one for one in found if one[0] == "val_loss"] == [("val_loss", 0, 1.0), ("val_loss", 1, 0.75), ("val_loss", 2, 0.5)]
    assert len(found) == 6


def test_event_files__are_on_the_disk_before_a_checkpoint(tmp_path: Path) -> None:
    with TrainingLog(RememberingTracker(), QuietLog(), RUN, event_log=EventFiles(tmp_path, "run")) as log:
        log.tell_epoch(0, {"val_loss": 0.5})
        log.send()

        assert scalars(tmp_path / "run") == [("val_loss", 0, 0.5)]


def test_training_log__goes_on_when_event_files_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    tracker = RememberingTracker()

    with TrainingLog(tracker, QuietLog(), RUN, event_log=EventFiles(tmp_path / "file", "run")) as log:
        log.tell_epoch(0, {"val_loss": 0.5})
        log.end({})

    assert tracker.is_success is True
    assert len(log.notes) == 1
    assert f"TensorBoard's files in {tmp_path / 'file' / 'run'} were not written" in log.notes[0]


def test_event_files__say_which_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ServiceUnavailableError, match=r"TensorBoard's files in .*run were not written: .*Not a directory"):
        EventFiles(tmp_path / "file", "run").start({})


def test_event_files__keep_a_bounded_number_of_trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "MOST_RUNS", 3)
    for number, name in enumerate(("d", "c", "b", "a")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (number, number))
    (tmp_path / "beside.txt").write_text("of somebody else")

    files = EventFiles(tmp_path, "new")
    files.start({})
    files.finish()

    assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "b", "beside.txt", "new"]


def test_event_files__keep_the_files_of_a_training_that_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "MOST_RUNS", 1)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.out.tfevents.1.first").write_bytes(b"")

    files = EventFiles(tmp_path, "run")
    files.start({})
    files.finish()

    assert len(list((tmp_path / "run").iterdir())) == 2
