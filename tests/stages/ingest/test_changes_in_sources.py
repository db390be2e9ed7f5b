"""Tests of known files that are deleted, renamed, overwritten or put back between nights, and of a source that is away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import given
import pytest
from small_ingest import an_image, ingest, put_files, sources_of

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.sighting import Sighting


def a_night(store: Store, home: Path, night: int, **settings: Any) -> tuple[ListNewImagesSummary, RecordImagesSummary]:
    source = {"name": "inbox", "path": "inbox", "settle_s": 0.0} | settings
    cycle = given.an_open_cycle(store, f"2026-11-{night:02}", sources=[source])
    recorded = ingest(store, cycle, home)
    return store.summary(cycle.cycle_id, ListNewImagesSummary), recorded


def missing(store: Store, night: int) -> list[tuple[str, bool]]:
    return store.read(MissingFile, f"2026-11-{night:02}").select("key", "is_missing").sort("key").rows()


def changed(recorded: RecordImagesSummary) -> tuple[int, int, int]:
    return recorded.files_renamed, recorded.files_overwritten, recorded.files_written_again


def test_deleted_file__is_said_once_and_its_image_stays(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1), "b.png": an_image(2)})
    a_night(store, tmp_path, 1)
    (tmp_path / "inbox/a.png").unlink()

    listed, recorded = a_night(store, tmp_path, 2)

    assert (listed.files_missing, listed.files_back, changed(recorded)) == (1, 0, (0, 0, 0))
    assert missing(store, 2) == [("a.png", True)]
    assert a_night(store, tmp_path, 3)[0].files_missing == 0, "it was said before"
    assert store.history(Image).height == 2


def test_file_that_is_put_back__is_said_and_not_doubled(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1)})
    a_night(store, tmp_path, 1)
    shutil.move(tmp_path / "inbox/a.png", tmp_path / "a.png")
    a_night(store, tmp_path, 2)
    put_files(tmp_path, {"a.png": an_image(1)}, age_s=10)

    listed, recorded = a_night(store, tmp_path, 3)

    assert (listed.files_missing, listed.files_back, changed(recorded)) == (0, 1, (0, 0, 1))
    assert missing(store, 3) == [("a.png", False)]
    assert store.history(Image).height == 1
    (tmp_path / "inbox/a.png").unlink()
    assert a_night(store, tmp_path, 4)[0].files_missing == 1, "it is missing anew"


def test_renamed_file__is_known_by_its_image(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1), "b.png": an_image(2)})
    a_night(store, tmp_path, 1)
    os.rename(tmp_path / "inbox/a.png", tmp_path / "inbox/new name.png")

    listed, recorded = a_night(store, tmp_path, 2)

    assert (listed.files_missing, changed(recorded)) == (1, (1, 0, 0))
    assert store.history(Image).height == 2
    assert store.history(Sighting).height == 3


def test_overwritten_file__is_told_from_one_that_was_written_again(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1), "b.png": an_image(2)})
    a_night(store, tmp_path, 1)
    put_files(tmp_path, {"a.png": an_image(3), "b.png": an_image(2)}, age_s=10)

    listed, recorded = a_night(store, tmp_path, 2)

    assert (listed.files_missing, changed(recorded)) == (0, (0, 1, 1))
    assert store.history(Image).height == 3


def test_file_in_a_folder_that_is_left_out__is_not_missing(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"drafts/a.png": an_image(1), "b.png": an_image(2)})
    a_night(store, tmp_path, 1)

    assert a_night(store, tmp_path, 2, ignore=["drafts/"])[0].files_missing == 0


def test_rejected_file_that_is_deleted__is_no_missing_image(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"broken.png": b"junk", "b.png": an_image(2)})
    a_night(store, tmp_path, 1)
    (tmp_path / "inbox/broken.png").unlink()

    assert a_night(store, tmp_path, 2)[0].files_missing == 0


TWO = [{"name": name, "path": name, "settle_s": 0.0} for name in ("inbox", "other")]


def test_source_that_is_away__does_not_stop_the_others_at_the_last_try(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1)})
    (tmp_path / "other").mkdir()
    (tmp_path / "other/b.png").write_bytes(an_image(2))
    assert ingest(store, given.an_open_cycle(store, "2026-11-01", sources=TWO), tmp_path).images_new == 2
    shutil.move(tmp_path / "other", tmp_path / "elsewhere")
    put_files(tmp_path, {"c.png": an_image(3)})
    cycle = given.an_open_cycle(store, "2026-11-02", sources=TWO)

    with pytest.raises(ServiceUnavailableError, match="source other"):
        list_new_images(store, cycle, sources_of(cycle, tmp_path), is_last_try=False)
    listed = list_new_images(store, cycle, sources_of(cycle, tmp_path))

    assert (listed.files_seen, listed.files_new, listed.files_missing) == (2, 1, 0), "nobody has looked into the other source"
    assert "cannot be listed" in listed.sources_away["other"]


def test_sources_that_are_all_away__stop_the_night(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, sources=TWO)

    with pytest.raises(ServiceUnavailableError, match="source other"):
        list_new_images(store, cycle, sources_of(cycle, tmp_path))


def test_new_files_beyond_a_nights_limit__wait_for_the_next_nights(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {f"{number}.png": an_image(number) for number in range(5)})

    nights = [a_night(store, tmp_path, night, max_new_files=2) for night in (1, 2, 3)]

    assert [(listed.files_new, listed.files_beyond) for listed, _ in nights] == [(2, 3), (2, 1), (1, 0)]
    assert [listed.files_missing for listed, _ in nights] == [0, 0, 0]
    assert store.history(Image).height == 5
