"""Tests of exports: complete, with each image's orientation, resumable after an interruption."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest
from given_versions import FIRST_NIGHT, SPLITS, id_of, image, two_versions

from pipeline_tasks.commands.versions.exporting import ABOUT, MANIFEST, UNFINISHED, Export, _folder_name, as_text, export_version
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.errors import CorruptObjectError, SettingsError
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.version_history import dataset_versions

pytestmark = pytest.mark.slow


def export(store: Store, folder: Path, number: int = 0) -> Export:
    with progress_bar("export", io.StringIO()) as progress:
        return export_version(store, dataset_versions(store)[number], folder, progress)


def rot(store: Store, name: str, content: bytes) -> None:
    key = next(key for key in store.objects.list("files/") if store.objects.read(key).content == image(name))
    store.objects.replace(key, content, store.objects.read(key).etag)


def test_export_version__puts_originals_into_class_folders_with_a_manifest(store: Store, tmp_path: Path) -> None:
    two_versions(store)

    said = export(store, tmp_path / "out")

    for name, class_name in FIRST_NIGHT.items():
        assert (tmp_path / "out" / SPLITS[name[0]] / class_name / f"{id_of(name)}.png").read_bytes() == image(name)
    manifest = pl.read_csv(tmp_path / "out" / MANIFEST)
    assert sorted(manifest["image_id"]) == sorted(id_of(name) for name in FIRST_NIGHT)
    assert all((tmp_path / "out" / file).is_file() for file in manifest["file"])
    assert set(manifest["orientation"]) == {6}
    assert "orientation is not applied" in json.loads((tmp_path / "out" / ABOUT).read_text())["orientation"]
    assert "orientation is not applied" in as_text(said)
    assert not (tmp_path / "out" / UNFINISHED).exists()


def test_export_version__refuses_a_folder_that_is_not_empty(store: Store, tmp_path: Path) -> None:
    two_versions(store)
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(SettingsError, match=r"wanted an empty folder, found 1 entries, the first 'mine.txt'"):
        export(store, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_export_version__reports_an_interruption_and_resumes(store: Store, tmp_path: Path) -> None:
    two_versions(store)
    rot(store, "t1", b"rot")
    with pytest.raises(CorruptObjectError, match="wanted sha256"):
        export(store, tmp_path)
    assert json.loads((tmp_path / UNFINISHED).read_text())["dataset_id"] == dataset_versions(store)[0].dataset_id
    with pytest.raises(SettingsError, match="interrupted export of"):
        export(store, tmp_path, number=1)
    whole = next(path for path in tmp_path.rglob("*.png"))
    other = [path for path in tmp_path.rglob("*.png") if path != whole]
    for path in other:
        path.write_bytes(path.read_bytes()[:3])
    key = next(key for key in store.objects.list("files/") if store.objects.read(key).content == b"rot")
    store.objects.replace(key, image("t1"), store.objects.read(key).etag)

    said = export(store, tmp_path)

    assert (said.is_resumed, said.already_there) == (True, 1)
    assert sorted(path.stem for path in tmp_path.rglob("*.png")) == sorted(id_of(name) for name in FIRST_NIGHT)
    assert {path.read_bytes() for path in tmp_path.rglob("*.png")} == {image(name) for name in FIRST_NIGHT}
    assert not (tmp_path / UNFINISHED).exists()


@pytest.mark.parametrize(
    ("class_name", "folder"),
    [("bolt M8", "bolt M8"), ("a/b", "a%2fb"), ("..", "%2e."), ("a%2fb", "a%252fb"), ("Mutter ä", "Mutter ä"), ("x:y", "x%3ay")],
)
def test_folder_name__is_valid_on_every_system_and_unique(class_name: str, folder: str) -> None:
    assert _folder_name(class_name) == folder


def test_export_version__takes_originals_from_where_dvc_would(store: Store, tmp_path: Path) -> None:
    two_versions(store)
    export(store, tmp_path)

    for md5 in pl.read_csv(tmp_path / MANIFEST)["md5"]:
        assert store.objects.read(layout.original(md5)).content.startswith(b"the bytes of")
