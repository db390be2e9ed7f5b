"""Tests of files with the name, size and time of known ones: other bytes are found, equal bytes give no new image."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import given
import polars as pl
import pytest
from small_ingest import InProcessDecoder, MeanBackbone, an_image, ingest, put_files, sources_of

from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.sources.file_stamps import FileStamp
from pipeline_tasks.sources.folder import FolderSettings, FolderSource
from pipeline_tasks.sources.known_files import FEWEST_OF_A_MOUNT, recognize
from pipeline_tasks.sources.source import FoundFile
from pipeline_tasks.sources.told_apart import KnownBytes, with_other_bytes
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import measure_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.sighting import Sighting

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


def test_card_that_was_formatted__is_read_though_its_names_are_used_again(store: Store, tmp_path: Path) -> None:
    """The report kristofg/rifec#4: after its card was formatted a camera gave the next images the names of the first ones."""
    put_files(tmp_path, {f"DSC0000{number}.JPG": an_image(number, "JPEG") for number in range(3)}, age_s=7200)
    night(store, tmp_path, "2026-11-21")
    shutil.rmtree(tmp_path / "inbox")
    put_files(tmp_path, {f"DSC0000{number}.JPG": an_image(10 + number, "JPEG") for number in range(3)}, age_s=60)

    summary, recorded = night(store, tmp_path, "2026-11-22")

    assert (summary.files_new, recorded.images_new, recorded.images_already_known) == (3, 3, 0)
    seen = store.history(Sighting, ["image_id", "key"]).filter(pl.col("key") == "DSC00000.JPG")
    assert set(seen["image_id"]) == {hashlib.sha256(an_image(number, "JPEG")).hexdigest() for number in (0, 10)}


def test_counter_that_starts_again_after_9999__gives_images_of_names_that_were_seen(store: Store, tmp_path: Path) -> None:
    """The report greiginsydney/Intervalometerator#107: new images were taken for transferred ones once IMG_9999 was exceeded."""
    put_files(tmp_path, {name: an_image(number) for number, name in enumerate(("IMG_0001.png", "IMG_9998.png"))}, age_s=7200)
    night(store, tmp_path, "2026-11-21")
    put_files(tmp_path, {"IMG_9999.png": an_image(10), "IMG_0001.png": an_image(11)}, age_s=60)

    summary, recorded = night(store, tmp_path, "2026-11-22")

    assert (summary.files_new, recorded.images_new) == (2, 2)
    assert hashlib.sha256(an_image(11)).hexdigest() in seen_images(store)


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


def test_comparing_by_times__finds_other_bytes_unless_comparing_is_off(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD, first=0)
    night(store, tmp_path, "2026-11-21")
    put(tmp_path, CARD, first=10)

    assert night(store, tmp_path, "2026-11-22", compare="times", check_again=0)[0].files_new == 0

    summary, recorded = night(store, tmp_path, "2026-11-23", compare="times")

    assert (summary.files_compared, summary.files_of_other_bytes, recorded.images_new) == (4, 4, 4)
    again, recorded = night(store, tmp_path, "2026-11-24", compare="times")
    assert (again.files_compared, again.files_new, recorded.files) == (4, 0, 0), "known bytes leave no row"


class CardSource(FolderSource):
    """A folder as a FAT card shows it: times in steps of 2 s, no change time, and inodes that are numbered at each mount."""

    first_inode = 1

    def list_files(self) -> Iterator[FoundFile]:
        for inode, file in enumerate(super().list_files(), self.first_inode):
            assert file.stamp is not None
            stamp = replace(file.stamp, changed_ns=file.stamp.modified_ns, inode=inode)
            yield replace(file, stamp=stamp, object_version=stamp.version)


def card_night(store: Store, home: Path, cycle_id: str, first_inode: int = 1, **settings: int) -> ListNewImagesSummary:
    """Ingest a mounted card."""
    source = CardSource(FolderSettings(name="inbox", path="inbox", settle_s=0, **settings), home)  # type: ignore[arg-type]
    source.first_inode = first_inode
    cycle = given.an_open_cycle(store, cycle_id)
    listed = list_new_images(store, cycle, [source])
    for shard in range(listed.shards):
        measure_images(store, cycle, shard, [source], InProcessDecoder(), MeanBackbone())  # type: ignore[arg-type]
    record_images(store, cycle)
    return listed


def seen_images(store: Store) -> set[str]:
    return set(store.history(Sighting, ["image_id"])["image_id"])


def test_card_with_the_stamps_of_the_last_one__is_told_apart_by_its_bytes(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD, first=0)
    card_night(store, tmp_path, "2026-11-21")
    put(tmp_path, CARD[:3], first=10)

    second = card_night(store, tmp_path, "2026-11-22")

    assert (second.files_compared, second.files_of_other_bytes, second.files_new, second.files_read_again) == (4, 3, 3, 0)
    wanted = {hashlib.sha256(an_image(number, "BMP")).hexdigest() for number in (0, 1, 2, 3, 10, 11, 12)}
    assert seen_images(store) == wanted
    put(tmp_path, CARD, first=0)
    back = card_night(store, tmp_path, "2026-11-23")
    assert (back.files_compared, back.files_new) == (4, 0), "the first card again shows nothing new"


def test_broken_file_on_a_card__is_read_again_once_until_its_bytes_differ(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD, first=0)
    broken = tmp_path / "inbox" / CARD[0]
    broken.write_bytes(bytes(broken.stat().st_size))
    os.utime(broken, (NO_CLOCK, NO_CLOCK))

    news = [card_night(store, tmp_path, f"2026-11-{day}").files_new for day in (21, 22, 23)]
    put(tmp_path, CARD[:1], first=10)
    mended = card_night(store, tmp_path, "2026-11-24")

    assert news == [4, 1, 0], "the second look writes down its check sum"
    assert mended.files_of_other_bytes == 1
    assert hashlib.sha256(an_image(10, "BMP")).hexdigest() in seen_images(store)


def test_large_card_mounted_again__is_compared_in_shares_over_several_nights(store: Store, tmp_path: Path) -> None:
    names = [f"{number:03}.bmp" for number in range(FEWEST_OF_A_MOUNT + 1)]
    put(tmp_path, names, first=0)
    card_night(store, tmp_path, "2026-11-21")
    put(tmp_path, names, first=1000)

    nights = [card_night(store, tmp_path, f"2026-11-{day}", first_inode=500 * day, check_again=40) for day in (22, 23, 24)]

    assert [night.files_renumbered for night in nights] == [101, 101, 101]
    assert [night.files_compared for night in nights] == [40, 40, 40]
    assert [night.files_not_compared for night in nights] == [61, 61, 61]
    assert sum(night.files_of_other_bytes for night in nights) == 101, "three nights of 40 reach all 101"


@pytest.mark.parametrize(
    ("stamp", "shows"),
    [
        (FileStamp(5, 3), False),
        (FileStamp(NO_CLOCK * 10**9, 3, NO_CLOCK * 10**9, 7), False),
        (FileStamp(5, 3, 10**18 + 123_457, 7), True),
        (FileStamp(5, 3, int((LOOK - timedelta(seconds=3)).timestamp()) * 10**9, 7), True),
        (FileStamp(5, 3, int((LOOK - timedelta(seconds=1)).timestamp()) * 10**9, 7), False),
    ],
)
def test_stamp__shows_writes_only_by_a_change_time_that_is_older_than_the_clocks_step(stamp: FileStamp, shows: bool) -> None:
    assert stamp.shows_writes_after(LOOK) is shows


def test_file_in_the_clocks_step_before_the_look__is_compared_once() -> None:
    changed = int((LOOK - timedelta(seconds=1)).timestamp()) * 10**9
    file = found("a", FileStamp(5, 3, changed, 7))

    looks = [recognize([file], {"a": {file.object_version}}, look).unproven for look in (LOOK, LOOK + timedelta(days=1))]

    assert looks == [(file,), ()]


def test_uncompared_file_that_cannot_be_read__is_compared_in_a_later_night(store: Store, tmp_path: Path) -> None:
    put(tmp_path, CARD[:1], first=0)
    card_night(store, tmp_path, "2026-11-21")
    source = CardSource(FolderSettings(name="inbox", path="inbox", settle_s=0), tmp_path)
    (file,) = source.list_files()
    (tmp_path / "inbox" / CARD[0]).unlink()

    assert list(with_other_bytes(source, [file], KnownBytes({}, {}, lambda _: False))) == []


def test_file_of_the_same_stamp__is_read_by_the_cycle_that_lists_it_later(store: Store, tmp_path: Path) -> None:
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
