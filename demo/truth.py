"""Ground truth of drawn or copied images, read only by the simulated annotators and the demo's own benchmark.

It is stored outside every project's root, source and work folder, in `$NIGHTLENS_HOME/demo/truth/<project>.json`, keyed by the
sha256 of the file's bytes. A test proves that no stage opens it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ObjectTruth:
    """One of several things in an image: the box around it in pixels of the upright image, and its mask if that is known."""

    class_name: str
    left: float
    top: float
    width: float
    height: float
    rle: str = ""
    """COCO's compressed run lengths over the whole image."""


@dataclass(frozen=True)
class ImageTruth:
    """True content of one image."""

    class_name: str
    box_xywh: tuple[int, int, int, int] | None = None
    """Left, top, width, height in pixels of the oriented image."""
    mask: dict[str, Any] | None = None
    """Height, width and run lengths in row order; the first run is outside the mask."""
    objects: tuple[ObjectTruth, ...] = ()
    """Things in the image of a project that asks for their places; the class name is empty then."""
    size_px: tuple[int, int] | None = None
    """Width and height of such an image."""


@dataclass(frozen=True)
class Plant:
    """A planted file, to be found by the pipeline."""

    key: str
    kind: str
    copy_of: str | None


@dataclass
class Truth:
    """Truth about one project's images."""

    project: str
    classes: tuple[str, ...]
    images: dict[str, ImageTruth] = field(default_factory=dict)
    """sha256 of the file's bytes → its truth."""
    plants: list[Plant] = field(default_factory=list)


def truth_path(home: Path, project: str) -> Path:
    """Path of a project's truth file."""
    return home / "demo" / "truth" / f"{project}.json"


def write_truth(path: Path, truth: Truth) -> None:
    """Write the truth, whole or not at all, readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".unfinished")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(truth), file)
    unfinished.replace(path)


def read_truth(path: Path) -> Truth:
    """Read the truth.

    Raises:
        FileNotFoundError: no file was drawn or copied for this project yet.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    images = {sha256: _image(fields) for sha256, fields in content["images"].items()}
    return Truth(content["project"], tuple(content["classes"]), images, [Plant(**one) for one in content["plants"]])


def describe(class_name: str, mask: npt.NDArray[np.bool_] | None) -> ImageTruth:
    """Class, box and mask of one image; an invisible part has neither box nor mask."""
    if mask is None or not mask.any():
        return ImageTruth(class_name)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    box = (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
    return ImageTruth(class_name, box, {"height": mask.shape[0], "width": mask.shape[1], "runs": run_lengths(mask)})


def run_lengths(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Lengths of alternating runs in row order, starting outside (0 if the mask starts inside)."""
    flat = mask.ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    return [0, *runs] if flat[0] else runs


def mask_of(runs: list[int], height: int, width: int) -> npt.NDArray[np.bool_]:
    """The mask that `run_lengths` described."""
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)


def _image(fields: dict[str, Any]) -> ImageTruth:
    box = fields["box_xywh"]
    objects = tuple(ObjectTruth(**one) for one in fields.get("objects", ()))
    size = fields.get("size_px")
    return ImageTruth(fields["class_name"], tuple(box) if box else None, fields["mask"], objects, tuple(size) if size else None)
