"""Tests of the index of an append-only folder: the newest whole one counts, and old ones go."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath
from nightlens_airflow.numbered_index import keep_index, newest_index

pytestmark = pytest.mark.airflow


def test_index__is_the_newest_and_only_the_one_before_it_stays(tmp_path: Path) -> None:
    folder = ObjectStoragePath(str(tmp_path / "log"))
    assert newest_index(folder) == (0, {})
    for number in range(1, 12):
        keep_index(folder, number, {"standing": number})

    assert newest_index(folder) == (11, {"standing": 11})
    assert names(tmp_path / "log") == ["index-10.json", "index-11.json"]


def test_index__that_a_killed_writer_left_half_written_is_replaced(tmp_path: Path) -> None:
    folder = ObjectStoragePath(str(tmp_path))
    keep_index(folder, 1, {"standing": 1})
    keep_index(folder, 2, {"standing": 2})
    (tmp_path / "index-3.json").write_text('{"stand')

    number, content = newest_index(folder)
    assert (number, content) == (2, {"standing": 2})
    keep_index(folder, number + 1, {"standing": 3})
    assert newest_index(folder) == (3, {"standing": 3})
    assert names(tmp_path) == ["index-2.json", "index-3.json"]


def test_index__drops_what_earlier_releases_left_and_no_file_of_another_name(tmp_path: Path) -> None:
    for name in ("index-1.json", "index-2.json", "index-7.json", "index-of-mine.json", "index-1.txt", "readme"):
        (tmp_path / name).write_text("{}")

    keep_index(ObjectStoragePath(str(tmp_path)), 8, {})

    assert names(tmp_path) == ["index-1.txt", "index-7.json", "index-8.json", "index-of-mine.json", "readme"]


def test_index__that_was_dropped_while_it_was_read_is_looked_for_again(tmp_path: Path) -> None:
    other = ObjectStoragePath(str(tmp_path))
    keep_index(other, 1, {"standing": 1})

    class Slow(type(other)):  # type: ignore[misc]
        """A folder of a reader that another pull overtakes between its listing and its reading."""

        def iterdir(self):  # type: ignore[no-untyped-def]
            listed = list(super().iterdir())
            if newest_index(other)[0] == 1:
                for number in (2, 3):
                    keep_index(other, number, {"standing": number})
            return iter(listed)

    assert newest_index(Slow(str(tmp_path))) == (3, {"standing": 3})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
