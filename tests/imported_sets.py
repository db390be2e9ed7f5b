"""A labelled set imported, trained on in a night without people, exported, and read back by readers that are not ours."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from given_exports import are_alike
from given_sets import ImportNight
from pycocotools.coco import COCO

from pipeline_tasks.commands.versions.format_exporting import ExportWishes, export_to_format
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.formats.reading import read_folder
from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.records.labelled_set import LabelledSet
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.dataset_image import DatasetImage

ROOT = Path(__file__).parents[1]
PEER_PYTHON = Path(os.environ.get("NIGHTLENS_BENCH_PYTHON", ROOT / ".venv-bench/bin/python"))
NIGHT = "2026-11-21"
FORMATS = ("coco", "yolo")
SPLITS = ("train", "val", "test")
Labels = Mapping[str, Sequence[Box | Mask]]
"""First digits of the id of an image → its objects."""


@dataclass(frozen=True)
class Reading:
    """An export as one reader sees it, compared with the set."""

    format_name: str
    reader: str
    images: int
    objects: int
    differing: int
    """Images whose objects differ, are missing or too many."""


def import_and_train(night: ImportNight, wanted: LabelledSet) -> dict[str, dict[str, Any]]:
    """Take the set in, then run a night in which nobody is asked; stage → what it told."""
    told = night.take_in(wanted)
    labels = told["import_labels"]
    return told | night.cycle(NIGHT) | {"import_labels": labels}


def readings(night: ImportNight, wanted: LabelledSet, kind: str, folder: Path) -> Iterator[Reading]:
    """Export the newest version, and compare all readers' objects of its images with those of the set's own files."""
    version = dataset_versions(night.store)[-1]
    own = labels_of_set(wanted, kind)
    there = {one[: len(next(iter(own)))] for one in night.store.read(DatasetImage, version.cycle_id)["image_id"]}
    truth = {name: objects for name, objects in own.items() if name in there}
    for format_name in FORMATS:
        out = folder / format_name
        with progress_bar("export", io.StringIO()) as progress:
            export_to_format(night.store, version, ExportWishes(format_name, out), progress)
        for reader, found in _read_back(format_name, out, kind):
            # A line that is there twice is one object of YOLO.
            said = {name: tuple(dict.fromkeys(objects)) for name, objects in truth.items()} if format_name == "yolo" else truth
            yield _compared(format_name, reader, said, found)


def labels_of_set(wanted: LabelledSet, kind: str) -> Labels:
    """The set's labels by the project's names, by image; files with the same bytes are one image."""
    read = read_folder(Path(wanted.place), kind)
    assert read is not None
    return {
        hashlib.sha256(image.path.read_bytes()).hexdigest()[:16]: tuple(
            replace(one, class_name=wanted.classes.get(one.class_name, one.class_name))  # type: ignore[misc]
            for one in image.objects
            if one.class_name not in wanted.dropped
        )
        for image in read.images
    }


def _read_back(format_name: str, folder: Path, kind: str) -> Iterator[tuple[str, Labels]]:
    ours = read_folder(folder, kind)
    assert ours is not None
    yield "nightlens", {image.path.stem: image.objects for image in ours.images}  # type: ignore[misc]
    if format_name == "coco":
        yield "pycocotools", _by_pycocotools(folder, kind)
    if kind == "box" and PEER_PYTHON.exists():
        side = str(ROOT / "benchmarks" / "exports_side.py")
        run = subprocess.run(
            [str(PEER_PYTHON), side, "boxes", format_name, str(folder)], check=True, capture_output=True, text=True
        )
        yield "labelformat", {name: [Box(*one) for one in boxes] for name, boxes in json.loads(run.stdout.splitlines()[-1]).items()}


def _by_pycocotools(folder: Path, kind: str) -> Labels:
    """Objects as the reference reader of COCO gives them: masks by its own decoder."""
    found: dict[str, list[Box | Mask]] = {}
    for split in SPLITS:
        path = folder / "annotations" / f"instances_{split}.json"
        if not path.exists():
            continue
        coco = COCO(str(path))
        for image in coco.loadImgs(coco.getImgIds()):
            objects = found.setdefault(Path(image["file_name"]).stem, [])
            for one in coco.loadAnns(coco.getAnnIds(imgIds=image["id"])):
                name = coco.loadCats(one["category_id"])[0]["name"]
                if kind == "box":
                    objects.append(Box(name, *one["bbox"]))
                else:
                    size_px = (image["width"], image["height"])
                    objects.append(Mask(name, encode(coco.annToMask(one).astype(np.bool_)), size_px))
    return found


def _compared(format_name: str, reader: str, truth: Labels, found: Labels) -> Reading:
    differing = len(truth.keys() ^ found.keys())
    for name in truth.keys() & found.keys():
        ones, others = (sorted(map(_pixels, objects), key=_place) for objects in (truth[name], found[name]))
        differing += not are_alike(ones, others)
    return Reading(format_name, reader, len(found), sum(map(len, found.values())), differing)


def _pixels(one: Box | Mask) -> Box | Mask:
    """An object without the points of its polygon: outlines have some."""
    return Mask(one.class_name, one.rle, one.size_px) if isinstance(one, Mask) else one


def _place(one: Box | Mask) -> tuple[Any, ...]:
    """An order that does not depend on the last digits of a position."""
    if isinstance(one, Mask):
        return one.class_name, one.rle
    return one.class_name, *(round(side, 2) for side in (one.x_min_px, one.y_min_px, one.width_px, one.height_px))
