"""Project from a folder of class folders: half of the images arrive on the first night, half on the second.

Files get neutral names and keep their bytes; class names go into the project file, and only the simulated annotators learn
the class of each image.
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
from demo.truth import ImageTruth, Truth, read_truth, write_truth

_OPEN_FILE_MARKS = (".", "_")
_LONGEST_NAME = 30


@dataclass(frozen=True)
class OwnImages:
    """Content of a folder of class folders."""

    folder: Path
    project: str
    classes: tuple[str, ...]
    files: tuple[tuple[Path, str], ...]
    """Each file with its class, in order of arrival."""

    def night(self, night: int) -> tuple[tuple[Path, str], ...]:
        """Files that arrive on the first or the second night."""
        half = (len(self.files) + 1) // 2
        return self.files[:half] if night == 1 else self.files[half:]


def find_own_images(folder: Path, seed: int) -> OwnImages:
    """Read the class folders; the seed alone decides when each image arrives.

    Raises:
        DemoError: no such folder, or fewer than two class folders with files in them.
    """
    if not folder.is_dir():
        raise DemoError(f"IMAGES={folder}: wanted a folder of class folders, found none")
    by_class = {path.name: _files(path) for path in sorted(folder.iterdir()) if path.is_dir() and _is_shown(path)}
    classes = tuple(name for name, files in by_class.items() if files)
    if len(classes) < 2:
        raise DemoError(f"IMAGES={folder}: wanted at least two class folders with images, found {list(classes)}")
    files = [(path, name) for name in classes for path in by_class[name]]
    order = np.random.default_rng([seed, len(files)]).permutation(len(files))
    return OwnImages(folder, project_name(folder), classes, tuple(files[int(index)] for index in order))


def project_name(folder: Path) -> str:
    """Project name from a folder's: `tiles/images` becomes `own_tiles`, `/data/My Cats` becomes `own_my_cats`."""
    parts = [part for part in folder.resolve().parts if part.lower() not in ("images", "train", "pictures", "/")]
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
        "classes": list(own.classes),
        "seed": seed,
        "sources": [{"name": "inbox", "kind": "folder", "path": f"inbox/{own.project}", "settle_s": 0}],
    }
    settings["labeling"] = settings["labeling"] | {"question": "What does the image show?"}
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
    for number, (path, class_name) in enumerate(own.night(night), start=first):
        name = f"{number:06d}{path.suffix.lower()}"
        content = path.read_bytes()
        (aside / name).write_bytes(content)
        truth.images[hashlib.sha256(content).hexdigest()] = ImageTruth(class_name)
        names.append(name)
    write_truth(truth_file, truth)
    move_in(aside, inbox, names, FIRST_NIGHT + timedelta(days=night - 1))
    return names


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _is_shown(path)]


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(_OPEN_FILE_MARKS)
