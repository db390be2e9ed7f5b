"""Tests of the command that compares sources, images and Label Studio."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from given_night import Night, a_night

from pipeline_tasks.commands.compare_sources import compared
from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.process import NIGHTLY_STAGES
from pipeline_tasks.sources.folder import FolderSource
from pipeline_tasks.sources.known_files import FEWEST_OF_A_MOUNT
from pipeline_tasks.sources.source import FoundFile, open_sources
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.sighting import Sighting

pytestmark = pytest.mark.slow


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """A night whose round is open."""
    made = a_night(tmp_path)
    made.bring(range(6))
    run_until_people_are_asked(made)
    return made


def run_until_people_are_asked(night: Night) -> None:
    for stage in NIGHTLY_STAGES[: NIGHTLY_STAGES.index("send_to_labeling") + 1]:
        night.run(stage, "2026-11-21")


def outcome(night: Night) -> Outcome:
    return compared(night.store, open_sources(night.project.sources, night.folder), night.server.client())


def delete_an_asked_file(night: Night) -> str:
    """Delete the file of an image with an open task; its key."""
    asked = night.store.history(LabelingTask, ["image_id"])["image_id"].unique(maintain_order=True)
    seen = [night.store.rows_of(Sighting, [image_id])["key"].to_list() for image_id in asked]
    (key,) = next(keys for keys in seen if len(keys) == 1)
    (night.folder / "inbox" / key).unlink()
    return str(key)


def test_compare_sources__is_fine_while_nothing_differs(night: Night) -> None:
    found = outcome(night)

    assert found.is_fine, found.text
    assert found.text.splitlines()[0].startswith("source inbox: 14 files, ")


def test_compare_sources__names_asked_files_that_are_gone_and_tasks_of_one_side(night: Night) -> None:
    project = next(iter(night.server.projects))
    deleted = delete_an_asked_file(night)
    night.server._import(project, [{"data": {"image_id": "e" * 64}}])
    strange = max(night.server.tasks)
    lost = sorted(night.server.tasks)[-2]
    del night.server.tasks[lost]

    found = outcome(night)

    assert not found.is_fine
    assert f"files of images with an open task, deleted: 1 (inbox:{deleted}" in found.text
    assert f"tasks deleted in Label Studio: 1 ({project}/{lost})" in found.text
    assert f"tasks that were not sent, unknown image: 1 ({project}/{strange})" in found.text


def test_compare_sources__looks_into_the_project_that_was_made_again(night: Night) -> None:
    (gone,) = night.server.projects
    night.server.delete_project(gone)
    asked = night.store.history(LabelingTask).height
    assert f"tasks deleted in Label Studio: {asked} ({gone}/" in outcome(night).text

    night.run("collect_annotations", "2026-11-21")
    found = outcome(night)
    assert found.is_fine, found.text
    assert "tasks deleted in Label Studio: 0\n" in found.text
    assert "tasks that were not sent, copy: 0\n" in found.text


def test_compare_sources__is_fine_with_a_task_that_somebody_imported(night: Night) -> None:
    night.server._import(next(iter(night.server.projects)), [{"data": {"note": "somebody's own"}}])

    found = outcome(night)

    assert "tasks that were not sent, by hand: 1 (" in found.text
    assert found.is_fine


def test_compare_sources__does_not_count_files_as_gone_where_settings_say_not_to_look(tmp_path: Path) -> None:
    night = a_night(tmp_path)
    night.bring(range(6))
    (tmp_path / "inbox" / "old").mkdir()
    for path in [path for path in (tmp_path / "inbox").iterdir() if path.is_file()]:
        path.rename(tmp_path / "inbox" / "old" / path.name)
    run_until_people_are_asked(night)

    (settings,) = night.project.sources
    sources = open_sources([settings.model_copy(update={"ignore": ("old/",)})], night.folder)
    found = compared(night.store, sources, night.server.client())

    assert (
        found.text.splitlines()[0] == "source inbox: 0 files, 0 of them new, refused or written since, 0 of images no longer there"
    )
    assert found.is_fine


class MountedAnew(FolderSource):
    """A folder whose files all have other inodes than before."""

    def stream_files(self) -> Iterator[FoundFile]:
        for file in super().stream_files():
            assert file.stamp is not None
            assert file.stamp.inode is not None
            stamp = replace(file.stamp, inode=file.stamp.inode + 1_000_000)
            yield replace(file, object_version=stamp.version, stamp=stamp)


def test_compare_sources__knows_the_files_of_a_folder_that_was_mounted_anew(tmp_path: Path) -> None:
    night = a_night(tmp_path)
    night.bring(range(1))
    inbox = tmp_path / "inbox"
    (inbox / "torn0.png").unlink()
    for number in range(FEWEST_OF_A_MOUNT):
        (inbox / f"again{number}.png").write_bytes((inbox / "bolt0.png").read_bytes())
        os.utime(inbox / f"again{number}.png", (0, 0))
    for stage in NIGHTLY_STAGES[: NIGHTLY_STAGES.index("record_images") + 1]:
        night.run(stage, "2026-11-21")

    (settings,) = night.project.sources
    found = compared(night.store, [MountedAnew(settings, night.folder)], night.server.client())

    assert found.text.startswith("source inbox: 103 files, 0 of them new, refused or written since, 0 of images no longer there\n")
