"""Tests that file names of any letters go through all stages unchanged, from a source and from a labelled set."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from given_names import NAMES
from given_night import NIGHTLY, Night, a_night
from given_sets import a_box_project, a_coco_set, an_image, the_set
from PIL import Image

from pipeline_tasks.commands.versions.format_exporting import ExportWishes, export_to_format
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.formats.labelled_folder import LabelledImage
from pipeline_tasks.formats.listing import list_folder
from pipeline_tasks.formats.reading import read_only_format
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.sources.file_keys import path_of_key
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.imported_label import ImportedLabel
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.new_file import NewFile
from pipeline_tasks.tables.sighting import Sighting

CLASSES = ("bolt", "nut")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")


def test_hostile_names__are_at_least_sixty_different_ones() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 60


@pytest.mark.slow
def test_hostile_names__go_from_the_source_to_an_export_unchanged(tmp_path: Path) -> None:
    night = a_night(tmp_path, Night, selection={"budget": len(NAMES)})
    ids = {}
    for number, name in enumerate(NAMES):
        content = an_image(night.folder / "inbox" / name, number).read_bytes()
        ids[name] = hashlib.sha256(content).hexdigest()
        night.classes[ids[name]] = CLASSES[number % 2]

    for stage in NIGHTLY[: NIGHTLY.index("build_dataset_version") + 1]:
        night.run(stage, "2026-11-21")
        if stage == "send_to_labeling":
            night.annotate_all()

    assert paths_of(night.store.read(NewFile, "2026-11-21")) == set(NAMES)
    seen = night.store.current(Sighting)
    assert {path_of_key(key): image_id for key, image_id in seen.select("key", "image_id").iter_rows()} == ids
    assert set(night.store.current(Measurement)["image_id"]) == set(ids.values())
    assert set(night.store.current(Label)["image_id"]) == set(ids.values())
    version = dataset_versions(night.store)[-1]
    assert set(night.store.read(DatasetImage, version.cycle_id)["image_id"]) == set(ids.values())
    with progress_bar("export", io.StringIO()) as progress:
        export_to_format(night.store, version, ExportWishes("imagefolder", tmp_path / "out", has_source_names=True), progress)
    found = read_only_format(tmp_path / "out", "class", "imagefolder")
    assert shown(found.images) == sorted((pixels(night.folder / "inbox" / name), night.classes[ids[name]]) for name in NAMES)


def test_hostile_names_of_a_set__go_to_the_origin_of_their_labels_unchanged(tmp_path: Path) -> None:
    night = a_box_project(tmp_path)
    names = [name for name in NAMES if name.isprintable() or "\n" in name or "\u202e" in name]
    names = [name for name in names if "\\" not in name and is_text(name)]
    assert len(names) >= 60
    a_coco_set(tmp_path / "theirs", {name: [(CLASSES[at % 2], at % 9, 2, 10, 12)] for at, name in enumerate(names)})

    told = night.take_in(the_set(tmp_path / "theirs"))

    assert told["import_labels"]["labels_new"] == len(names), told["import_labels"]["left_out"]
    origins = night.store.current(ImportedLabel)
    assert paths_of(origins) == paths_of(night.store.current(Sighting)) == set(names)
    listed = {path.name for path in list_folder(tmp_path / "theirs").images}
    assert listed == {Path(name).name for name in names}


def paths_of(rows: pl.DataFrame) -> set[str]:
    return {path_of_key(key) for key in rows["key"]}


def is_text(name: str) -> bool:
    """Return True for a name that JSON can say."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def pixels(path: Path) -> str:
    with Image.open(path) as image:
        return hashlib.sha256(np.asarray(image).tobytes()).hexdigest()


def shown(images: Sequence[LabelledImage]) -> list[tuple[str, str]]:
    """Pixels and class of each image."""
    found = []
    for one in images:
        (said,) = one.objects
        assert isinstance(said, ClassObject)
        found.append((pixels(one.path), said.class_name))
    return sorted(found)
