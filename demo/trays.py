"""Trays with several parts for `KIND=box` and `KIND=mask`: photographs of parts, four compartments each.

The exact box and mask of every part are known.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import yaml
from PIL import Image

from demo.images import photograph_of
from demo.night import FIRST_NIGHT, move_in
from demo.plan import Shot
from demo.truth import ImageTruth, ObjectTruth, Truth, read_truth, write_truth
from pipeline_tasks.geometry.run_lengths import encode

PROJECTS = {"box": "trays", "mask": "tray_masks"}
"""Label kind → project; a project keeps its kind."""
QUESTIONS = {"box": "Where are the parts?", "mask": "Which pixels are parts?"}
CLASSES = ("bolt", "gear", "nut", "spring")
COLUMNS, ROWS = 2, 2
CELL_PX = (160, 120)
"""Width and height of a compartment."""
MAP_SIDE_PX = 256
"""Side at which a model sees a tray: its parts are large, and a smaller side trains in less time."""
FULL_RATIO = 0.6
"""Share of compartments with a part; one tray in ten is empty."""
EMPTY_TRAYS = 10
Progress = Callable[[int, int], None]


def draw_trays(night: int, trays: int, seed: int, inbox: Path, truth_file: Path, progress: Progress) -> None:
    """Draw a night's trays outside the inbox, write the truth, and only then move the files in."""
    cv2.setNumThreads(1)
    truth = read_truth(truth_file) if night > 1 and truth_file.exists() else Truth(inbox.name, CLASSES)
    aside = inbox.parent / f".{inbox.name}-drawing"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    names = []
    for number in range(trays):
        pixels, parts = draw_tray(night, number, seed)
        content = _jpeg(pixels)
        name = f"{(night - 1) * trays + number + 1:06d}.jpg"
        (aside / name).write_bytes(content)
        size_px = pixels.shape[1], pixels.shape[0]
        truth.images[hashlib.sha256(content).hexdigest()] = ImageTruth("", objects=parts, size_px=size_px)
        names.append(name)
        progress(number + 1, trays)
    write_truth(truth_file, truth)
    move_in(aside, inbox, names, FIRST_NIGHT + timedelta(days=night - 1))


def draw_tray(night: int, number: int, seed: int) -> tuple[npt.NDArray[np.uint8], tuple[ObjectTruth, ...]]:
    """Pixels of one tray, and its parts; the same numbers give the same tray."""
    rng = np.random.default_rng([seed, night, number, 77])
    wide, high = CELL_PX
    pixels = np.zeros((high * ROWS, wide * COLUMNS, 3), np.uint8)
    parts: list[ObjectTruth] = []
    is_empty, camera = number % EMPTY_TRAYS == EMPTY_TRAYS - 1, int(rng.integers(3))
    for cell in range(COLUMNS * ROWS):
        left, top = cell % COLUMNS * wide, cell // COLUMNS * high
        window = pixels[top : top + high, left : left + wide]
        name, has_part = CLASSES[int(rng.integers(len(CLASSES)))], rng.random() < FULL_RATIO
        if is_empty or not has_part:
            window[:] = _lid(rng)
            continue
        photograph, mask = photograph_of(Shot(night, number * COLUMNS * ROWS + cell, name, camera), seed)
        window[:] = cv2.resize(photograph, CELL_PX, interpolation=cv2.INTER_AREA)
        shown = cv2.resize(mask.astype(np.uint8), CELL_PX, interpolation=cv2.INTER_AREA) > 0
        if shown.any():
            parts.append(_part(name, shown, left, top, pixels.shape[:2]))
    return pixels, tuple(parts)


def write_project_file(example: Path, home: Path, seed: int, label_kind: str) -> None:
    """Write the project's file into NIGHTLENS_HOME: the example's settings, with the places of the parts."""
    project = PROJECTS[label_kind]
    settings = yaml.safe_load(example.read_text(encoding="utf-8"))
    for key in ("quality", "duplicates", "connections", "shard_images"):
        settings.pop(key, None)
    settings |= {
        "project": project,
        "description": "Trays of machine parts, several parts a tray.",
        "label_kind": label_kind,
        "classes": list(CLASSES),
        "seed": seed,
        "sources": [{"name": "inbox", "kind": "folder", "path": f"inbox/{project}", "settle_s": 0}],
    }
    settings["labeling"] = settings["labeling"] | {"question": QUESTIONS[label_kind]}
    settings["backbone"] = settings["backbone"] | {"map_side_px": MAP_SIDE_PX}
    # The example's limit is one of classes; what a detector or a segmenter tells by default is its kind's to say.
    settings["serving"].pop("min_confidence")
    path = home / "projects" / f"{project}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    unfinished.replace(path)


def _part(name: str, shown: npt.NDArray[np.bool_], left: int, top: int, sides: tuple[int, ...]) -> ObjectTruth:
    """A part from its mask in a compartment, in pixels of the tray."""
    columns, rows = np.flatnonzero(shown.any(axis=0)), np.flatnonzero(shown.any(axis=1))
    whole = np.zeros(sides, bool)
    whole[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    wide, high = int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)
    return ObjectTruth(name, left + int(columns[0]), top + int(rows[0]), wide, high, encode(whole))


def _lid(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A compartment that is closed: grey, with a grain of its own."""
    wide, high = CELL_PX
    grain = cv2.resize(rng.normal(0, 14, (high // 6, wide // 6)), CELL_PX, interpolation=cv2.INTER_CUBIC)
    shade = float(rng.uniform(70, 150))
    lid: npt.NDArray[np.uint8] = np.clip(shade + grain[..., None] + rng.normal(0, 4, (high, wide, 1)), 0, 255).astype(np.uint8)
    return lid


def _jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
