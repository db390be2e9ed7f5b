"""Tests that readers get read-only links and cannot change the objects."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline_tasks.errors import StorageError
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.layout import original
from pipeline_tasks.storage.versions.restricted_view import show


@pytest.fixture
def keys(tmp_path: Path) -> list[str]:
    objects = DiskObjects(tmp_path / "root")
    return [original(put_original(objects, content)[1]) for content in (b"1", b"2", b"3")]


def test_show__makes_one_link_an_object_and_none_the_second_time(tmp_path: Path, keys: list[str]) -> None:
    assert show(tmp_path / "view", tmp_path / "root", keys[:2]) == 2
    assert show(tmp_path / "view", tmp_path / "root", keys) == 1
    assert show(tmp_path / "view", tmp_path / "root", keys) == 0

    assert [(tmp_path / "view" / key).read_bytes() for key in keys] == [b"1", b"2", b"3"]
    assert [path for path in (tmp_path / "view").rglob("*") if path.is_file() and not path.is_symlink()] == []
    assert sorted(os.listdir(tmp_path)) == ["root", "view"]


def test_show__makes_links_that_work_after_a_move(tmp_path: Path, keys: list[str]) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "root").rename(tmp_path / "home" / "root")
    show(tmp_path / "home" / "view", tmp_path / "home" / "root", keys)

    (tmp_path / "home").rename(tmp_path / "elsewhere")

    assert (tmp_path / "elsewhere" / "view" / keys[0]).read_bytes() == b"1"


def test_show__restores_deleted_and_replaced_links(tmp_path: Path, keys: list[str]) -> None:
    show(tmp_path / "view", tmp_path / "root", keys)
    for key, content in ((keys[0], None), (keys[1], b"pushed")):
        (tmp_path / "view" / key).parent.chmod(0o755)
        (tmp_path / "view" / key).unlink()
        if content is not None:
            (tmp_path / "view" / key).write_bytes(content)

    assert show(tmp_path / "view", tmp_path / "root", keys) == 2

    assert [(tmp_path / "view" / key).read_bytes() for key in keys] == [b"1", b"2", b"3"]


def test_show__makes_every_folder_read_only(tmp_path: Path, keys: list[str]) -> None:
    show(tmp_path / "view", tmp_path / "root", keys)
    plain = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"] if os.geteuid() == 0 else []

    for words in (["rm", "-f", str(tmp_path / "view" / keys[0])], ["touch", str(tmp_path / "view" / "files" / "md5" / "new")]):
        refused = subprocess.run([*plain, *words], capture_output=True, text=True, check=False)
        assert "Permission denied" in refused.stderr

    assert (tmp_path / "view" / keys[0]).is_symlink()


def test_show__says_where_it_could_not_write(tmp_path: Path, keys: list[str]) -> None:
    (tmp_path / "view").write_text("a file is in the way")

    with pytest.raises(StorageError, match="view: the links for readers cannot be made"):
        show(tmp_path / "view", tmp_path / "root", keys)
