"""Tests of opening sources by the kind in the project file, shipped and custom ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import given
import pytest
from small_ingest import an_image, ingest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import SourceSettings
from pipeline_tasks.sources.folder import FolderSettings, FolderSource
from pipeline_tasks.sources.source import FileMetadata, FoundFile, open_source
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.sighting import Sighting

OWN = f"{__name__}:DrawnSource"


class DrawnSettings(SourceSettings):
    """A source that draws its images."""

    kind: Literal[f"{__name__}:DrawnSource"]  # type: ignore[valid-type]
    images: int

    def metadata_keys(self) -> frozenset[str]:
        return frozenset({"device"})


class DrawnSource:
    """Images of noise; the newest one is still being drawn."""

    settings_model = DrawnSettings

    def __init__(self, settings: DrawnSettings, home: Path) -> None:
        self.name, self._images = settings.name, settings.images

    def list_files(self) -> Iterator[FoundFile]:
        return (FoundFile(str(number), "1", 1, given.STARTED_AT) for number in range(self._images))

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        return file.key != str(self._images - 1)

    def read(self, key: str, object_version: str) -> bytes:
        return an_image(int(key))

    def metadata(self, key: str) -> FileMetadata:
        return FileMetadata(device=f"pen {key}")


def test_custom_source__is_ingested_and_frozen_with_its_settings(tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    cycle = given.an_open_cycle(
        store, sources=[{"name": "pens", "kind": OWN, "images": 3}], duplicates={"split_group_keys": ["device"]}
    )

    summary = ingest(store, cycle, tmp_path)

    assert summary.images_new == 2
    assert sorted(store.read(Sighting, cycle.cycle_id)["device"]) == ["pen 0", "pen 1"]
    assert read_cycle(store, cycle.cycle_id).project.sources == (DrawnSettings(name="pens", kind=OWN, images=3),)


def test_source_settings__are_those_of_the_kind() -> None:
    (source,) = given.a_project(sources=[{"name": "inbox", "path": "inbox", "settle_s": 5}]).sources

    assert source == FolderSettings(name="inbox", path="inbox", settle_s=5)
    assert json.loads(given.a_project().model_dump_json())["sources"] == [
        {
            "name": "inbox",
            "kind": "folder",
            "path": "inbox",
            "settle_s": 0.0,
            "bit_depth": None,
            "read_exif": True,
            "camera_time_zone": None,
            "position_digits": 3,
            "licences": [],
            "modality": "rgb",
            "is_synthetic": False,
            "max_new_files": 100_000,
            "key_pattern": None,
            "ignore": [],
            "compare": "stamps",
            "check_again": 10_000,
        }
    ]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"kind": "foldr", "path": "x"}, r"sources.0: .*unknown kind of source 'foldr' \(did you mean 'folder'\?\)"),
        ({"kind": "no_such_module:Source"}, "kind of source 'no_such_module:Source' cannot be imported"),
        ({"kind": "json:dumps"}, "kind of source 'json:dumps' is not complete: it lacks settings_model"),
        ({"kind": "folder"}, "sources.0.path: a value is missing"),
        ({"path": "x", "bucket": "y"}, r"sources.0.bucket: "),
        ({"kind": OWN, "images": "many"}, "sources.0.images: .*not 'many'"),
    ],
)
def test_source_settings__say_what_is_wrong(source: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        given.a_project(sources=[{"name": "inbox"} | source])


def test_open_source__opens_a_folder(tmp_path: Path) -> None:
    assert isinstance(open_source(FolderSettings(name="inbox", path="inbox"), tmp_path), FolderSource)
