"""Plan of a night's inbox: what each file shows, and which files are planted to be found.

A plan is a pure function of seed, night and number of images; `demo.images` draws it. Each image's own randomness is
named by (seed, night, number), so the second night can plant copies of the first night's images without keeping any.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demo.drawing.scene import Surroundings
from demo.drawing.shapes import RARE_CLASS, SHAPES

CLASSES = tuple(SHAPES)
PLANT_SHARES = {
    "exact_duplicate": 0.040,
    "next_frame": 0.035,
    "re_encoded": 0.030,
    "small_crop": 0.030,
    "dark": 0.025,
    "blurred": 0.025,
    "turned": 0.010,
    "png_named_jpg": 0.007,
    "truncated": 0.007,
    "corrupt": 0.005,
    "text_named_jpg": 0.005,
    "empty": 0.002,
}
"""Kind of planted file → share of the night's files; every kind is planted at least once."""
NEAR_DUPLICATES = ("next_frame", "re_encoded", "small_crop")
COPIES = ("exact_duplicate", *NEAR_DUPLICATES)
BROKEN = ("truncated", "corrupt", "text_named_jpg", "empty")
"""Kinds that are not usable images and must be rejected."""
LOW_QUALITY = ("dark", "blurred")

_CLASS_WEIGHTS = {"bearing": 13, "bolt": 14, "bracket": 9, "gear": 16, "nut": 15, "screw": 12, "spring": 8, "washer": 13}
_RARE_SHARE = {1: 0.035, 2: 0.10}
_CAMERAS = {
    1: (
        Surroundings("black_rubber", -2.2, 0.03, 1.0),
        Surroundings("green_pvc", 0.7, -0.04, 0.95),
        Surroundings("grey_felt", 2.1, 0.0, 0.9),
    ),
    2: (
        Surroundings("black_rubber", -1.2, 0.22, 0.7),
        Surroundings("green_pvc", 1.6, 0.16, 0.7),
        Surroundings("grey_felt", 3.0, 0.18, 0.65),
    ),
}
"""Lighting of the second night: the lamps are older (redder, weaker) and in another place."""


@dataclass(frozen=True)
class Shot:
    """One scene in front of one camera, shared by a photograph and its copies."""

    night: int
    number: int
    class_name: str
    camera: int
    """Camera number, counted from 0."""

    @property
    def surroundings(self) -> Surroundings:
        """The camera's belt and lamp on that night."""
        return _CAMERAS[min(self.night, 2)][self.camera]


@dataclass(frozen=True)
class PlannedFile:
    """One file of the inbox."""

    key: str
    """Path inside the inbox; contains only camera and running number."""
    kind: str
    """`plain` or one of PLANT_SHARES."""
    shot: Shot
    seed: int
    copy_of: str | None = None
    """For COPIES: key of the file that this one repeats."""


def plan_night(night: int, files: int, seed: int) -> list[PlannedFile]:
    """The files of a night (1, 2, …) in the order in which the cameras wrote them."""
    rng = np.random.default_rng([seed, night])
    counts = plant_counts(files)
    copies = {kind: counts.pop(kind) for kind in COPIES}
    own_kinds = [kind for kind, count in counts.items() for _ in range(count)]
    own = files - sum(copies.values())
    own_kinds += ["plain"] * (own - len(own_kinds))
    rng.shuffle(own_kinds)
    classes = _draw_classes(night, own, rng)
    shots = [Shot(night, number, classes[number], int(rng.integers(3))) for number in range(own)]
    places = rng.permutation(files)
    firsts = [
        _file(shot, place, files, kind, seed) for shot, place, kind in zip(shots, sorted(places[:own]), own_kinds, strict=True)
    ]
    repeats = _repeats(firsts, places[own:], copies, night, files, seed, rng)
    return sorted(firsts + repeats, key=lambda file: file.key.split("/")[1])


def plant_counts(files: int) -> dict[str, int]:
    """Number of planted files of each kind, out of `files`."""
    return {kind: max(1, round(share * files)) for kind, share in PLANT_SHARES.items()}


def _repeats(
    firsts: list[PlannedFile],
    places: npt.NDArray[np.int64],
    copies: dict[str, int],
    night: int,
    files: int,
    seed: int,
    rng: np.random.Generator,
) -> list[PlannedFile]:
    """The copies, in the free places; no image is repeated twice."""
    originals = [file for file in firsts if file.kind == "plain"]
    if night == 2:  # Some parts pass the cameras again: their first images are one night old.
        originals += [file for file in plan_night(1, files, seed) if file.kind == "plain"][::3]
    kinds = [kind for kind, count in copies.items() for _ in range(count)]
    repeated = [originals[int(index)] for index in rng.permutation(len(originals))[: len(kinds)]]
    return [
        _file(original.shot, place, files, kind, seed, night, original.key)
        for original, place, kind in zip(repeated, places, kinds, strict=True)
    ]


def _file(
    shot: Shot, place: int, files: int, kind: str, seed: int, night: int | None = None, copy_of: str | None = None
) -> PlannedFile:
    """A file under a neutral name: camera and running number, counted over the nights."""
    number = ((night or shot.night) - 1) * files + int(place) + 1
    return PlannedFile(f"cam{shot.camera + 1}/{number:06d}.jpg", kind, shot, seed, copy_of)


def _draw_classes(night: int, count: int, rng: np.random.Generator) -> list[str]:
    """Classes in the night's exact shares, in random order."""
    rare = round(_RARE_SHARE[min(night, 2)] * count)
    total = sum(_CLASS_WEIGHTS.values())
    classes = [name for name, weight in _CLASS_WEIGHTS.items() for _ in range(round(weight / total * (count - rare)))]
    classes = (classes + ["gear"] * count)[: count - rare] + [RARE_CLASS] * rare
    rng.shuffle(classes)
    return classes
