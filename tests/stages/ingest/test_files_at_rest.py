"""Tests of files with wrong times (in the future, before 1970, out of range), and of files that are being written."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import given
import pytest
from small_ingest import an_image, ingest, sources_of

from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.sources import folder
from pipeline_tasks.sources.file_stamps import FileStamp, held, moment_of
from pipeline_tasks.sources.source import FoundFile
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.new_file import NewFile
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.waiting_file import WaitingFile

NOW = datetime.now(timezone.utc)
YEAR_2045, YEAR_1904, YEAR_30828 = 2_366_841_600, -2_082_844_800, 910_692_730_085


@pytest.fixture
def wide_clock() -> Iterator[Path]:
    """A folder in memory, whose files may have any time."""
    if not Path("/dev/shm").is_dir():
        pytest.skip("no file system in memory here")
    home = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield home
    shutil.rmtree(home)


def put(home: Path, name: str, number: int, modified_s: float | None = None) -> Path:
    path = home / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(an_image(number))
    if modified_s is not None:
        os.utime(path, (modified_s, modified_s))
    return path


def listed(
    store: Store, home: Path, cycle_id: str = "2026-11-21", settle_s: float = 0.05, now: datetime = NOW
) -> ListNewImagesSummary:
    cycle = given.an_open_cycle(store, cycle_id, sources=[{"name": "inbox", "path": "inbox", "settle_s": settle_s}])
    return list_new_images(store, cycle, sources_of(cycle, home), now)


def test_file_dated_in_the_future__is_taken_in_the_first_night(store: Store, tmp_path: Path) -> None:
    put(tmp_path, "2045.png", 1, YEAR_2045)

    assert (listed(store, tmp_path).files_new, store.read(NewFile, "2026-11-21")["key"].to_list()) == (1, ["2045.png"])


def test_times_out_of_range__stop_no_source(store: Store, wide_clock: Path) -> None:
    for number, (name, modified_s) in enumerate({"1904.png": YEAR_1904, "30828.png": YEAR_30828, "2045.png": YEAR_2045}.items()):
        put(wide_clock, name, number, modified_s)
    put(wide_clock, "fine.png", 9)

    summary = ingest(store, given.an_open_cycle(store, sources=[{"name": "inbox", "path": "inbox", "settle_s": 0.05}]), wide_clock)

    assert summary.images_new == 4
    years = {key: moment and moment.year for key, moment in store.history(Sighting, ["key", "modified_at"]).iter_rows()}
    assert years | {"fine.png": 0} == {"1904.png": 1904, "30828.png": None, "2045.png": 2045, "fine.png": 0}


def test_file_that_is_being_written__waits_until_two_looks_find_it_unchanged(store: Store, tmp_path: Path) -> None:
    path, is_over = put(tmp_path, "growing.png", 1, YEAR_2045), threading.Event()
    put(tmp_path, "old.png", 2, 1_000_000_000)

    def write() -> None:
        with path.open("ab") as file:
            while not is_over.wait(0.01):
                os.write(file.fileno(), b"x")
                os.utime(path, (YEAR_2045, YEAR_2045))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        summary = listed(store, tmp_path, settle_s=0.2)
    finally:
        is_over.set()
        writer.join()

    assert (summary.files_seen, summary.files_new, summary.files_unsettled, summary.waiting) == (2, 1, 1, {"changing": 1})
    assert store.read(WaitingFile, "2026-11-21").select("key", "reason", "first_seen_at").rows() == [
        ("growing.png", "changing", NOW)
    ]
    assert listed(store, tmp_path, "2026-11-22").files_new == 2, "old.png was listed but not yet recorded"


def test_long_settling__counts_a_believable_age_or_a_look_of_an_earlier_night(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "LONGEST_PAUSE_S", 0.05)
    put(tmp_path, "2045.png", 1, YEAR_2045)
    put(tmp_path, "young.png", 2)
    now = datetime.now(timezone.utc)

    first = listed(store, tmp_path, settle_s=3600, now=now + timedelta(minutes=10))
    soon = listed(store, tmp_path, "2026-11-21T2230", settle_s=3600, now=now + timedelta(minutes=40))
    night = listed(store, tmp_path, "2026-11-22", settle_s=3600, now=now + timedelta(days=1))

    assert (first.waiting, soon.waiting, night.files_new) == ({"young": 2}, {"young": 2}, 2)
    times = store.read(WaitingFile, "2026-11-21T2230")["first_seen_at"].unique().to_list()
    assert times == [now + timedelta(minutes=10)], "the look of the first cycle counts"


def test_file_without_a_believable_time__waits_for_a_second_night_where_settling_is_long(tmp_path: Path) -> None:
    put(tmp_path, "2045.png", 1, YEAR_2045)
    source = folder.FolderSource(folder.FolderSettings(name="inbox", path="inbox", settle_s=3600, compare="times"), tmp_path)
    (file,) = source.list_files()

    assert source.why_waiting(file, None, NOW) == "age_unknown"
    assert source.why_waiting(file, NOW - timedelta(minutes=59), NOW) == "age_unknown"
    assert source.why_waiting(file, NOW - timedelta(minutes=60), NOW) is None
    assert source.why_waiting(replace(file, object_version="0-0"), NOW - timedelta(days=1), NOW) == "changing"


def test_file_that_is_gone_at_the_second_look__does_not_wait(tmp_path: Path) -> None:
    path = put(tmp_path, "gone.png", 1)
    source = folder.FolderSource(folder.FolderSettings(name="inbox", path="inbox", settle_s=0.01), tmp_path)
    (file,) = source.list_files()
    path.unlink()

    assert source.why_waiting(file, None, NOW) is None


@pytest.mark.parametrize(
    ("nanoseconds", "year"),
    [
        *((0, 1970), (-1, 1969), (YEAR_2045 * 10**9, 2045), (YEAR_30828 * 10**9, None), (-(10**20), None), (float("nan"), None)),
        *((float("inf"), None), (-62_135_596_800 * 10**9, 1), (-62_135_596_801 * 10**9, None)),
    ],
)
def test_moment_of__is_none_for_a_time_out_of_range(nanoseconds: float, year: int | None) -> None:
    moment = moment_of(nanoseconds)

    assert (moment and moment.year) == year


def test_held__accepts_only_times() -> None:
    assert held(NOW) == NOW
    assert held(NOW.replace(tzinfo=None)) == NOW
    assert [held(other) for other in (None, float("nan"), 1.5, "2026")] == [None] * 4


def test_custom_source__without_times_is_listed(store: Store) -> None:
    class Bucket:
        name = "bucket"

        def list_files(self) -> Iterator[FoundFile]:
            yield FoundFile("a", "etag", 3, float("nan"))  # type: ignore[arg-type]

        def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
            return True

    summary = list_new_images(store, given.an_open_cycle(store), [Bucket()])  # type: ignore[list-item]

    assert (summary.files_new, store.read(NewFile, "2026-11-21")["modified_at"].to_list()) == (1, [None])


def test_stamp__is_read_as_it_was_written() -> None:
    for stamp in (FileStamp(-5, 3), FileStamp(1, 2, -3, 4)):
        assert FileStamp.parse(stamp.version) == stamp
    assert [FileStamp.parse(text) for text in ("", "d41d8cd9-2", "1", "1-2-3", "etag")] == [None] * 5
