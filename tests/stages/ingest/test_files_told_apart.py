"""Files with the name, size and time of known ones: other bytes are found, equal bytes give no new image."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import given
import pytest
from small_ingest import an_image, ingest, put_files, sources_of

from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.sources.file_stamps import FileStamp
from pipeline_tasks.sources.known_files import FEWEST_OF_A_MOUNT, recognize
from pipeline_tasks.sources.source import FoundFile
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.storage.history.store import Store

NO_CLOCK = 315_532_800
"""1 January 1980, at which cameras without a clock start."""
LOOK = datetime(2026, 11, 21, 22, tzinfo=timezone.utc)


def put(home: Path, names: list[str], first: int) -> None:
    """Images of one size in bytes, all dated 1980."""
    for number, name in enumerate(names, start=first):
        path = home / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(an_image(number, "BMP"))
        os.utime(path, (NO_CLOCK, NO_CLOCK))


def night(store: Store, home: Path, cycle_id: str, **source: object) -> tuple[ListNewImagesSummary, RecordImagesSummary]:
    cycle = given.an_open_cycle(store, cycle_id, sources=[{"name": "inbox", "path": "inbox", "settle_s": 0, **source}])
    recorded = ingest(store, cycle, home)
    return list_new_images(store, cycle, sources_of(cycle, home)), recorded


CARD = ["DSC_1.bmp", "DSC_2.bmp", "DSC_3.bmp", "DSC_4.bmp"]


@pytest.mark.parametrize("is_emptied_first", [True, False])
def test_camera_without_a_clock__its_next_card_is_read(store: Store, tmp_path: Path, is_emptied_first: bool) -> None:
    put(tmp_path, CARD, first=0)
    assert night(store, tmp_path, "2026-11-21")[1].images_new == 4
    if is_emptied_first:
        shutil.rmtree(tmp_path / "inbox")
    put(tmp_path, CARD, first=10)

    summary, recorded = night(store, tmp_path, "2026-11-22")

    assert (summary.files_new, summary.files_read_again, recorded.images_new) == (4, 4, 4)
    assert night(store, tmp_path, "2026-11-23")[0].files_new == 0


def test_folder_restored_with_its_times__gives_only_the_images_that_are_new(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD, first=0)
    shutil.copytree(tmp_path / "inbox", tmp_path / "backup")
    night(store, tmp_path, "2026-11-21")
    (tmp_path / "backup" / CARD[2]).write_bytes(an_image(20, "BMP"))
    os.utime(tmp_path / "backup" / CARD[2], (NO_CLOCK, NO_CLOCK))
    shutil.rmtree(tmp_path / "inbox")
    (tmp_path / "backup").rename(tmp_path / "inbox")

    summary, recorded = night(store, tmp_path, "2026-11-22")

    assert (summary.files_read_again, recorded.images_new, recorded.images_already_known) == (4, 1, 3)


def test_change_of_rights__is_read_once_and_gives_no_image(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD, first=0)
    night(store, tmp_path, "2026-11-21")
    for path in (tmp_path / "inbox").iterdir():
        path.chmod(0o600)

    summary, recorded = night(store, tmp_path, "2026-11-22")

    assert (summary.files_read_again, recorded.images_new, recorded.images_already_known) == (4, 0, 4)
    assert night(store, tmp_path, "2026-11-23")[0].files_new == 0


def test_file_of_equal_size_and_time__moved_over_a_known_one_is_read(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD, first=0)
    night(store, tmp_path, "2026-11-21")
    put(tmp_path, ["../spare.bmp"], first=10)
    (tmp_path / "spare.bmp").replace(tmp_path / "inbox" / CARD[0])

    summary, recorded = night(store, tmp_path, "2026-11-22")

    assert (summary.files_read_again, recorded.images_new) == (1, 1)


def test_hard_link_of_a_backup__makes_no_image(store: Store, tmp_path: Path) -> None:
    """A backup that links unchanged files, as `rsync --link-dest`, changes their change time."""
    put(tmp_path, CARD, first=0)
    night(store, tmp_path, "2026-11-21")
    os.link(tmp_path / "inbox" / CARD[0], tmp_path / "backup.bmp")

    summary, recorded = night(store, tmp_path, "2026-11-22")

    assert (summary.files_read_again, recorded.images_new, recorded.images_already_known) == (1, 0, 1)


def test_comparing_by_times__trusts_them(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD, first=0)
    night(store, tmp_path, "2026-11-21")
    put(tmp_path, CARD, first=10)

    assert night(store, tmp_path, "2026-11-22", compare="times")[0].files_new == 0


def test_file_of_the_same_stamp__is_read_by_who_lists_it_later(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1)})
    cycle = given.an_open_cycle(store)
    (source,) = sources_of(cycle, tmp_path)
    (file,) = source.list_files()
    (tmp_path / "inbox/a.png").chmod(0o600)

    assert source.read("a.png", file.object_version) == an_image(1), "another machine may see another change time and inode"


def found(key: str, stamp: FileStamp) -> FoundFile:
    return FoundFile(key, stamp.version, stamp.size_bytes, LOOK, stamp)


def nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


@pytest.mark.parametrize(("changed_at", "read_again"), [(LOOK - timedelta(days=1), 0), (LOOK + timedelta(seconds=1), 1)])
def test_version_of_an_older_release__is_known_unless_the_file_changed_since_the_last_look(
    changed_at: datetime, read_again: int
) -> None:
    file = found("a", FileStamp(5, 3, nanoseconds(changed_at), 7))

    result = recognize([file], {"a": {"5-3"}}, LOOK)

    assert (result.read_again, len(result.unknown)) == (read_again, read_again)
    assert recognize([file], {"a": {"5-4"}}, LOOK).unknown == (file,), "another size is another version"
    assert recognize([file], {"a": {"5-3"}}, None).unknown == ()


def test_new_mount__whose_inodes_all_differ_reads_no_file() -> None:
    stamps = [FileStamp(5, 3, number, number) for number in range(FEWEST_OF_A_MOUNT + 1)]
    recorded = {str(number): {stamp.version} for number, stamp in enumerate(stamps)}
    files = [found(str(number), replace(stamp, inode=stamp.inode + 1000)) for number, stamp in enumerate(stamps)]  # type: ignore[operator]

    anew = recognize(files, recorded, LOOK)
    few = recognize(files[:5], recorded, LOOK)

    assert (anew.unknown, anew.renumbered, anew.read_again) == ((), FEWEST_OF_A_MOUNT + 1, 0)
    assert (len(few.unknown), few.renumbered, few.read_again) == (5, 0, 5)


def test_versions_that_are_no_stamps__are_compared_as_they_are() -> None:
    file = FoundFile("a", "5-3", 3, LOOK)

    assert recognize([file], {"a": {"5-3-8-9"}}, LOOK).unknown == (file,)
    assert recognize([file], {"a": {"5-3"}}, LOOK).unknown == ()
