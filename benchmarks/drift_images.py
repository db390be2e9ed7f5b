"""Real images of NIGHTLENS_DATA as drift sees them: measured and embedded by the default backbone, as they are and corrupted.

Every image is brought to the model's square first, so that a corrupted one and its original are measured alike. What was made
once is kept in a folder, one file a corruption.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.known_folders import groups_of_files
from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.evaluation.corruptions.corrupting import CORRUPTIONS, STRENGTHS, corrupted
from pipeline_tasks.evaluation.found_slices.colours import colour_shift
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.settings import BackboneSettings

MEASURES = ("luma_mean", "luma_contrast", "sharpness", "entropy_bits")
PROPERTIES = (*MEASURES, "red_less_blue", "green_less_others")
CACHE = Path(tempfile.gettempdir()) / "nightlens-drift"
AT_ONCE = 32
SIDE_PX = BackboneSettings().side_px


@dataclass(frozen=True)
class Version:
    """Rows of a set through one corruption, or as they are."""

    embeddings: np.ndarray
    """N x D, of length 1."""
    properties: np.ndarray
    """N x properties."""


class ImageSet:
    """A folder of classes (`photos`, `tiles`)."""

    def __init__(self, name: str, cache: Path = CACHE, most: int = 1000) -> None:
        folder = Path(os.environ["NIGHTLENS_DATA"]) / name
        folder = folder / "images" if (folder / "images").is_dir() else folder
        files = sorted(one for one in folder.glob("*/*") if one.is_file())
        files = [files[at] for at in np.linspace(0, len(files) - 1, min(most, len(files))).astype(int)]
        self.name, self.cache = name, cache
        self.files = [path for path in files if self._is_readable(path)]
        self.groups = np.unique([groups_of_files(self.files)[path] for path in self.files], return_inverse=True)[1]
        self.class_names, self.numbers = np.unique([path.parent.name for path in self.files], return_inverse=True)

    @cached_property
    def squares(self) -> np.ndarray:
        """Images of the model's size, N x side x side x 3."""
        return np.stack([model_image(decode(path.read_bytes(), Limits()).pixels, SIDE_PX) for path in self.files])

    @cached_property
    def backbone(self) -> Backbone:
        """The default backbone, opened when something must be embedded."""
        return open_backbone(BackboneSettings(), self.cache)

    def version(self, corruption: str = "", strength: int = 0, rows: Sequence[int] | None = None) -> Version:
        """All rows, or these, through this corruption; as they are without one."""
        chosen = np.arange(len(self.files)) if rows is None else np.asarray(rows)
        wanted = f"{self.name} {corruption} {strength} {SIDE_PX} " + " ".join(self.files[row].name for row in chosen)
        kept = self.cache / f"{self.name}-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}.npz"
        if not kept.exists():
            self._make(chosen, corruption, strength, kept)
        with np.load(kept) as stored:
            return Version(stored["embeddings"], stored["properties"])

    def _is_readable(self, path: Path) -> bool:
        try:
            decode(path.read_bytes(), Limits())
        except RejectedFileError as error:
            print(f"left out {path}: {error}")
            return False
        return True

    def _make(self, rows: np.ndarray, corruption: str, strength: int, kept: Path) -> None:
        squares = self.squares[rows]
        if corruption:
            squares = np.stack([corrupted(one, corruption, strength, int(row)) for one, row in zip(squares, rows, strict=True)])
        vectors = np.concatenate([self.backbone.embed(squares[at : at + AT_ONCE]) for at in range(0, len(squares), AT_ONCE)])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        measured = [[*measure(one, MEASURES).values(), *colour_shift(one).values()] for one in squares]
        self.cache.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part.npz")
        np.savez(part, embeddings=vectors, properties=np.array(measured, np.float64))
        part.replace(kept)


def main() -> None:
    """Make all that `benchmarks.drift` reads, beforehand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=["photos", "tiles"])
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--corrupted", type=int, default=200, help="images of a set through all corruptions")
    given = parser.parse_args()
    for name in given.sets:
        images = ImageSet(name, given.cache)
        for sort in (("", 0), ("gaussian noise", 2), ("defocus blur", 2)):
            images.version(*sort)
            print(f"{name}: {len(images.files)} images, {sort[0] or 'as they are'}", flush=True)
        for corruption in CORRUPTIONS:
            for strength in STRENGTHS:
                images.version(corruption, strength, corrupted_rows(images, given.corrupted))
            print(f"{name}: {given.corrupted} images through {corruption}", flush=True)


def corrupted_rows(images: ImageSet, count: int) -> list[int]:
    """Rows of drawn groups, up to so many images: the side that no head learns from."""
    order = np.random.default_rng(0).permutation(int(images.groups.max()) + 1)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return sorted(np.argsort(place[images.groups], kind="stable")[:count].tolist())


if __name__ == "__main__":
    main()
