"""Project from a folder of labelled images: half of them arrive on the first night, half on the second.

The folder holds class folders, or boxes or masks in a format of `pipeline_tasks.formats`. Files get neutral names and keep their
bytes; class names go into the project file, and only the simulated annotators learn what each image shows.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import yaml

from demo.errors import DemoError
from demo.night import FIRST_NIGHT, move_in
from demo.truth import ImageTruth, ObjectTruth, Truth, read_truth, write_truth
from pipeline_tasks.formats.folder_names import is_role
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder, LabelledImage
from pipeline_tasks.formats.reading import FORMATS, read_folder
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.masks.mask import Mask

_OPEN_FILE_MARKS = (".", "_")
_LONGEST_NAME = 30
FORMATS_WORDS = " or ".join(one.name for one in FORMATS)
QUESTIONS = {"class": "What does the image show?", "box": "Where are they?", "mask": "Which pixels are of which class?"}


@dataclass(frozen=True)
class OwnImages:
    """Content of a folder of labelled images."""

    folder: Path
    project: str
    label_kind: str
    classes: tuple[str, ...]
    files: tuple[tuple[Path, ImageTruth], ...]
    """Each file with what it shows, in order of arrival."""
    lines: tuple[str, ...] = ()
    """Contents of the folder in sentences, with what was left out of it."""

    def night(self, night: int) -> tuple[tuple[Path, ImageTruth], ...]:
        """Files that arrive on the first or the second night."""
        half = (len(self.files) + 1) // 2
        return self.files[:half] if night == 1 else self.files[half:]


def find_own_images(folder: Path, seed: int, kind: str | None = None) -> OwnImages:
    """Read the folder, whose format is found out; the seed alone decides when each image arrives.

    Args:
        folder: a folder, or a file of COCO.
        seed: the seed of the order.
        kind: the wanted label kind; None for what the folder holds, `class` for class folders.

    Raises:
        DemoError: no such folder, none of the kind, or fewer than two class folders with files in them.
        SettingsError: labels cannot be meant as they are written.
    """
    if not folder.exists():
        raise DemoError(f"IMAGES={folder}: wanted a folder of labelled images, found none")
    labelled = read_folder(folder, kind) if kind != "class" else None
    if labelled is not None:
        return _of_labels(folder, labelled, seed)
    if kind not in (None, "class") or not folder.is_dir():
        raise DemoError(f"IMAGES={folder}: wanted labels of the kind {kind or 'class'}, found {FORMATS_WORDS} nowhere in it")
    return _of_class_folders(folder, seed)


def _of_labels(folder: Path, labelled: LabelledFolder, seed: int) -> OwnImages:
    shown = {one.class_name for image in labelled.images for one in image.objects}
    classes = tuple(name for name in labelled.class_names if name in shown)
    if not classes:
        raise DemoError(f"IMAGES={folder} ({labelled.format_name}): wanted objects in the images, found none")
    lines = list(labelled.lines())
    if missing := [name for name in labelled.class_names if name not in shown]:
        lines.append(f"not asked for, because no image shows one: {', '.join(missing)}")
    files = [(image.path, _truth_of(image)) for image in labelled.images]
    name = f"{project_name(folder)}_{labelled.label_kind}"
    return OwnImages(folder, name, labelled.label_kind, classes, _in_order(files, seed), tuple(lines))


def _of_class_folders(folder: Path, seed: int) -> OwnImages:
    by_class = {path.name: _files(path) for path in sorted(folder.iterdir()) if path.is_dir() and _is_shown(path)}
    classes = tuple(name for name, files in by_class.items() if files)
    if len(classes) < 2:
        found = f"class folders with images {list(classes)}, and {FORMATS_WORDS} nowhere in it"
        raise DemoError(f"IMAGES={folder}: wanted at least two class folders, or labels beside the images; found {found}")
    if all(is_role(name) for name in classes):
        found = f"the folders {', '.join(classes)}, and {FORMATS_WORDS} nowhere in it"
        raise DemoError(f"IMAGES={folder}: wanted folders named by classes, found {found}; name the one that holds class folders")
    files = [(path, ImageTruth(name)) for name in classes for path in by_class[name]]
    return OwnImages(folder, project_name(folder), "class", classes, _in_order(files, seed))


def _in_order(files: list[tuple[Path, ImageTruth]], seed: int) -> tuple[tuple[Path, ImageTruth], ...]:
    order = np.random.default_rng([seed, len(files)]).permutation(len(files))
    return tuple(files[int(index)] for index in order)


def _truth_of(image: LabelledImage) -> ImageTruth:
    if image.objects and isinstance(image.objects[0], ClassObject):
        return ImageTruth(image.objects[0].class_name)
    return ImageTruth("", objects=tuple(_object(one) for one in image.objects), size_px=image.size_px)


def _object(one: Labelled) -> ObjectTruth:
    assert not isinstance(one, ClassObject), "it has no place"
    if isinstance(one, Mask):
        return ObjectTruth(one.class_name, *one.box_px, one.rle)
    if isinstance(one, Skeleton):
        return ObjectTruth(one.class_name, *one.box_px)
    return ObjectTruth(one.class_name, one.x_min_px, one.y_min_px, one.width_px, one.height_px)


def project_name(folder: Path) -> str:
    """Project name from a folder's: `tiles/images` becomes `own_tiles`, `/data/My Cats` becomes `own_my_cats`."""
    place = folder.resolve() if folder.suffix.lower() != ".json" else folder.resolve().parent
    parts = [part for part in place.parts if part.lower() not in ("images", "train", "pictures", "annotations", "/")]
    words = re.sub(r"[^a-z0-9]+", "_", (parts or ["images"])[-1].lower()).strip("_")[:_LONGEST_NAME]
    return f"own_{words or 'images'}"


def write_project_file(own: OwnImages, example: Path, home: Path, seed: int) -> Path:
    """Write the project's file into NIGHTLENS_HOME: the example's settings, with the images' own classes and default limits."""
    settings = yaml.safe_load(example.read_text(encoding="utf-8"))
    for key in ("quality", "duplicates", "connections"):
        settings.pop(key, None)
    settings |= {
        "project": own.project,
        "description": f"Images of {own.project.removeprefix('own_').replace('_', ' ')}, in {len(own.classes)} classes.",
        "label_kind": own.label_kind,
        "classes": list(own.classes),
        "seed": seed,
        "sources": [{"name": "inbox", "kind": "folder", "path": f"inbox/{own.project}", "settle_s": 0}],
    }
    settings["labeling"] = settings["labeling"] | {"question": QUESTIONS[own.label_kind]}
    if own.label_kind != "class":
        settings["serving"].pop("min_confidence")  # The example's limit is one of classes.
    path = home / "projects" / f"{own.project}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    unfinished.replace(path)
    return path


def copy_night(own: OwnImages, night: int, inbox: Path, truth_file: Path) -> list[str]:
    """Copy a night's half outside the inbox, write the truth, and only then move the files in; returns their names."""
    truth = read_truth(truth_file) if night > 1 and truth_file.exists() else Truth(own.project, own.classes)
    aside = inbox.parent / f".{inbox.name}-copying"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    first = 1 if night == 1 else len(own.night(1)) + 1
    names = []
    for number, (path, shown) in enumerate(own.night(night), start=first):
        name = f"{number:06d}{path.suffix.lower()}"
        content = path.read_bytes()
        (aside / name).write_bytes(content)
        truth.images[hashlib.sha256(content).hexdigest()] = shown
        names.append(name)
    write_truth(truth_file, truth)
    move_in(aside, inbox, names, FIRST_NIGHT + timedelta(days=night - 1))
    return names


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _is_shown(path)]


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(_OPEN_FILE_MARKS)
