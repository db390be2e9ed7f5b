"""Exports and readings of COCO at full size, beside labelformat and beside plain JSON; real labelled sets there and back.

`make bench-exports` measures, each in a process of its own:

- 20,000 images with 7 boxes each, in memory, to COCO's annotation file: ours, labelformat 0.1.17 from objects of its own, and one
  `json.dump` of all entries. Images are not written: all sides would copy the same bytes. Seconds are of the processor.
- the same entries as 118,000 images with their files, made here, read as a labelled folder: at most 60 s and 2 GB.
- `cells` (Pascal VOC, boxes) and `tiles` (masks beside images) of NIGHTLENS_DATA: read, frozen as a dataset version, exported
  to every format that holds them, read back, and compared object by object: no difference is allowed.

    python -m benchmarks.exports --images 2000 --read 5000 --real 40          (smaller)
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from given_exports import are_alike
from given_labelled_version import LabelledFile, a_labelled_version
from PIL import Image

from benchmarks.exports_side import BOXES_EACH, CLASSES, SIZE_PX, rows
from pipeline_tasks.commands.versions.format_exporting import ExportWishes, export_to_format
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.formats.labelled_folder import LabelledFolder
from pipeline_tasks.formats.reading import read_folder
from pipeline_tasks.formats.writing.coco import CocoWriter
from pipeline_tasks.formats.writing.target import ExportedImage, ExportedVersion
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

ROOT = Path(__file__).parents[1]
PEER_PYTHON = Path(os.environ.get("NIGHTLENS_BENCH_PYTHON", ROOT / ".venv-bench/bin/python"))
MAX_RATIO, MAX_READ_S, MAX_READ_GB = 1.0, 60.0, 2.0
SETS = {
    "cells": ("box", ("coco", "yolo", "voc")),
    "tiles": ("mask", ("coco", "yolo", "voc")),
}
"""Folder of the real data → label kind, and formats."""


def main() -> int:
    """Print figures and limits; 1 if one misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--read", type=int, default=118_000)
    parser.add_argument("--real", type=int, default=1_000_000, help="images of each real set")
    parser.add_argument("--side", choices=("nightlens", "read"), help="one measurement, in this process")
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.side == "nightlens":
        _write(arguments.folder, arguments.images)
        return 0
    if arguments.side == "read":
        _read(arguments.folder)
        return 0
    is_fine = _compare_writers(arguments.images)
    is_fine &= _check_reading(arguments.read)
    for name in SETS:
        is_fine &= _there_and_back(name, arguments.real)
    return 0 if is_fine else 1


def _compare_writers(images: int) -> bool:
    ours = [sys.executable, "-m", "benchmarks.exports", "--side", "nightlens", "--images", str(images)]
    side = str(Path(__file__).with_name("exports_side.py"))
    sides = {"nightlens": ours, "json.dump": [sys.executable, side, "json", str(images)]}
    if PEER_PYTHON.exists():
        sides["labelformat"] = [str(PEER_PYTHON), side, "labelformat", str(images)]
    took: dict[str, float] = {}
    print(f"COCO's annotation file of {images} images x {BOXES_EACH} boxes, seconds of processor (best of 3)")
    for _ in range(3):
        for name, command in sides.items():
            with tempfile.TemporaryDirectory() as folder:
                found = _run([*command, *(["--folder"] if name == "nightlens" else []), folder])
            took[name] = min(took.get(name, 1e9), found["cpu_s"])
    for name, seconds in took.items():
        print(f"  {name}: {seconds:.2f}")
    peer = "labelformat" if "labelformat" in took else "json.dump"
    return _say(f"ratio to {peer}", took["nightlens"] / took[peer], MAX_RATIO if peer == "labelformat" else 2.0)


def _check_reading(images: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), images)
        buffer = io.BytesIO()
        Image.new("RGB", SIZE_PX, (90, 90, 90)).save(buffer, "JPEG")
        (Path(folder) / "images" / "train").mkdir(parents=True)
        for row in rows(images):
            (Path(folder) / "images" / "train" / f"{row.name}.jpg").write_bytes(buffer.getvalue())
        found = _run([sys.executable, "-m", "benchmarks.exports", "--side", "read", "--folder", folder])
    print(f"a labelled folder of {images} images x {BOXES_EACH} boxes is read: {found['objects']:.0f} objects")
    is_fine = _say("seconds of processor", found["cpu_s"], MAX_READ_S) & _say("seconds", found["wall_s"], MAX_READ_S)
    return is_fine & _say("highest memory, GB", found["memory_gb"], MAX_READ_GB) & (found["objects"] == images * BOXES_EACH)


def _write(folder: Path, images: int) -> None:
    """Our side: rows in memory to annotations."""
    kind, given = BoxKind(CLASSES), list(rows(images))
    version = ExportedVersion(
        dataset_id="0" * 64,
        project="bench",
        cycle_id="2026-11-29",
        frozen_at="2026-11-29T00:00:00+00:00",
        label_kind="box",
        vocabulary=CLASSES,
        labeling=kind.labeling,
        options={},
        form_xml="",
        licence="",
        folder_name="bench",
        splits=("train",),
    )
    started, cpu = time.perf_counter(), time.process_time()
    writer = CocoWriter(folder, version)
    for number, row in enumerate(given, start=1):
        boxes = tuple(Box(CLASSES[one[0]], *one[1:]) for one in row.boxes)
        writer.annotate(ExportedImage(number, "0" * 64, "train", f"{row.name}.jpg", SIZE_PX, boxes, b""))
    writer.close()
    _tell(time.process_time() - cpu, time.perf_counter() - started)


def _read(folder: Path) -> None:
    started, cpu = time.perf_counter(), time.process_time()
    found = read_folder(folder, "box")
    assert found is not None
    _tell(time.process_time() - cpu, time.perf_counter() - started, objects=float(found.objects))


def _there_and_back(name: str, most: int) -> bool:
    """Import a real set, freeze it, export it, and compare what is read back; images by their ids."""
    data = Path(os.environ.get("NIGHTLENS_DATA", ROOT.parent / "shared" / "data"))
    label_kind, formats = SETS[name]
    if not (data / name).is_dir():
        print(f"{name}: skipped, {data / name} is not there")
        return True
    labelled = read_folder(data / name, label_kind)
    assert labelled is not None
    by_id = _files(labelled, most)
    store = Store(MemoryObjects())
    version = a_labelled_version(store, list(by_id.values()), label_kind=label_kind, classes=list(labelled.class_names))
    is_fine = True
    for format_name in formats:
        with tempfile.TemporaryDirectory() as place, progress_bar(name, io.StringIO()) as progress:
            started = time.perf_counter()
            said = export_to_format(store, version, ExportWishes(format_name, Path(place) / "out"), progress)
            took = time.perf_counter() - started
            back = read_folder(Path(place) / "out", label_kind)
            peer = _peer_boxes(format_name, Path(place) / "out") if label_kind == "box" and format_name != "voc" else None
        assert back is not None
        print(f"{name} → {format_name}: {said.images} images, {said.objects} objects in {took:.1f} s, read back")
        for one in said.lost:
            print(f"  lost: {one.count} x {one.reason}; the first: {one.example}")
        wanted = _without_twice(by_id) if format_name == "yolo" else by_id
        is_fine &= _say("images that differ", float(_differences(wanted, back)), 0.0)
        if peer is not None:
            is_fine &= _say("images that differ as labelformat reads them", float(_differences_of_boxes(wanted, peer)), 0.0)
    return is_fine


def _files(labelled: LabelledFolder, most: int) -> dict[str, LabelledFile]:
    """First digits of the id of an image → its file; files with the same bytes are one image."""
    found: dict[str, LabelledFile] = {}
    for image in labelled.images[:: max(1, len(labelled.images) // most)]:
        content = image.path.read_bytes()
        found.setdefault(hashlib.sha256(content).hexdigest()[:16], LabelledFile(content, image.objects))
    return found


def _differences(wanted: dict[str, LabelledFile], back: LabelledFolder) -> int:
    found = {image.path.stem: image.objects for image in back.images}
    differ = len(wanted.keys() ^ found.keys())
    for name in wanted.keys() & found.keys():
        ones, others = (sorted(map(_pixels, objects), key=_place) for objects in (wanted[name].objects, found[name]))
        differ += not are_alike(ones, others)
    return differ


def _without_twice(wanted: dict[str, LabelledFile]) -> dict[str, LabelledFile]:
    """The files with each of their objects once, as YOLO keeps them."""
    return {name: LabelledFile(one.content, list(dict.fromkeys(one.objects))) for name, one in wanted.items()}


Boxes = dict[str, list[tuple[str, float, float, float, float]]]


def _peer_boxes(format_name: str, folder: Path) -> Boxes | None:
    """Boxes of an export as labelformat reads them; None where it is not installed."""
    if not PEER_PYTHON.exists():
        return None
    side = str(Path(__file__).with_name("exports_side.py"))
    found: Boxes = _run([str(PEER_PYTHON), side, "boxes", format_name, str(folder)])
    return found


def _differences_of_boxes(wanted: dict[str, LabelledFile], peer: Boxes) -> int:
    differ = len(wanted.keys() ^ peer.keys())
    for name in wanted.keys() & peer.keys():
        theirs = [Box(*one) for one in peer[name]]
        differ += not are_alike(sorted(theirs, key=_place), sorted(wanted[name].objects, key=_place))
    return differ


def _pixels(one: Any) -> Any:
    """An object without the points of its polygon: outlines have some."""
    return Mask(one.class_name, one.rle, one.size_px) if isinstance(one, Mask) else one


def _place(one: Box | Mask) -> tuple[Any, ...]:
    """An order that does not depend on the last digits of a position."""
    if isinstance(one, Mask):
        return one.class_name, one.rle
    return one.class_name, *(round(side, 2) for side in (one.x_min_px, one.y_min_px, one.width_px, one.height_px))


def _run(command: list[str]) -> Any:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("", "tests"))}
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)
    return json.loads(run.stdout.splitlines()[-1])


def _tell(cpu_s: float, wall_s: float, **more: float) -> None:
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"cpu_s": cpu_s, "wall_s": wall_s, "memory_gb": memory_gb, **more}))


def _say(name: str, value: float, limit: float) -> bool:
    print(f"  {'ok  ' if value <= limit else 'MISS'} {name}: {value:.2f} (at most {limit:g})", flush=True)
    return value <= limit


if __name__ == "__main__":
    sys.exit(main())
