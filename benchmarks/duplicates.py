"""Duplicates by planted truth: what hash and embedding alone call the same, and what is left after images were aligned.

`make bench-duplicates` draws both nights of the demo and copies of real photographs (`NIGHTLENS_DATA`). It searches each set by the
limits of hash and cosine alone, then with comparisons, and prints copies found, pairs of different things, and processor seconds.
`python -m benchmarks.duplicates --files 10000` does so with one night of so many files of the demo.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.demo import FILES
from demo.inbox import EXAMPLE, SEED
from demo.night import draw_night
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.jpeg import decode_jpeg, encode_jpeg, thumbnail
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.images.duplicate_groups import DuplicateGroups
from pipeline_tasks.images.duplicates import Images, add_new_images
from pipeline_tasks.images.likeness import likeness_of
from pipeline_tasks.images.split_groups import SplitGroups
from pipeline_tasks.images.verdicts import ReadView, Verdicts, no_views
from pipeline_tasks.images.views import View
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.settings import BackboneSettings, DuplicateSettings, QualitySettings, load_project
from pipeline_tasks.wiring.projects import home_folder

Pixels = npt.NDArray[np.uint8]
SIDE_PX = BackboneSettings().side_px
PHOTOS = slice(6, 600, 12)
"""Of the photographs: those that no limit was set on."""


@dataclass(frozen=True)
class Taken:
    """One image as the search sees it; images of one `thing` show the same."""

    thing: object
    jpeg: bytes
    values: dict[str, float | int | str]
    model_pixels: Pixels
    """As the backbone takes them."""


def main(words: Sequence[str] | None = None) -> int:
    """Print a line a set and way of searching; 1 if the comparison misses what issue and guide claim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, help="files of one night of the demo, instead of the usual sets")
    files = parser.parse_args(words).files
    project = load_project(EXAMPLE)
    is_fine = True
    sets = [("demo, two nights", _demo((1, 2), FILES)), ("photographs", _photographs())]
    for name, made in sets if files is None else [(f"demo, {files} files", _demo((1,), files))]:
        images = list(made)
        usable = [one for one in images if _is_usable(one, project.quality)]
        if not usable:
            print(f"{name}: no images in NIGHTLENS_DATA; skipped")
            continue
        backbone = open_backbone(project.backbone, home_folder() / "backbones")
        vectors = np.concatenate([backbone.embed(one.model_pixels[None]) for one in usable])
        by_limits = _searched(usable, vectors, project.duplicates, no_views)
        aligned = _searched(usable, vectors, project.duplicates, lambda image, of=usable: _view(of[image]))
        for way, (recall, wrong, seconds) in (("limits alone", by_limits), ("compared", aligned)):
            print(f"{name:18} {way:14} copies found {recall:6.1%}, pairs of different things {wrong:6.2%}, {seconds:6.1f} s")
        print(f"{name:18} {'':14} {aligned[2] - by_limits[2]:.1f} s more, {1e3 * aligned[2] / len(usable):.1f} ms an image")
        is_fine &= aligned[0] >= 0.98 and aligned[1] <= 0.01
    return 0 if is_fine else 1


def _demo(nights: Sequence[int], files: int) -> Iterator[Taken]:
    with tempfile.TemporaryDirectory() as folder:
        for night in nights:
            inbox = Path(folder) / f"night{night}"
            for file in draw_night(night, files, SEED, inbox, Path(folder) / "truth.json", "parts"):
                try:
                    pixels = decode((inbox / file.key).read_bytes(), Limits()).pixels
                except RejectedFileError:
                    continue
                yield _taken((file.shot.night, file.shot.number), pixels)


def _photographs() -> Iterator[Taken]:
    """Photographs, each with copies as people and exports make them."""
    data = Path(os.environ.get("NIGHTLENS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    rng = np.random.default_rng(2)
    for path in sorted(data.glob("photos/*/*.jpg"))[PHOTOS]:
        pixels = decode(path.read_bytes(), Limits()).pixels
        for copy in (pixels, *_copies(pixels, rng)):
            yield _taken(path.name, copy)


def _copies(pixels: Pixels, rng: np.random.Generator) -> Iterator[Pixels]:
    image = Image.fromarray(pixels)
    yield _saved(image.resize((image.width // 2, image.height // 2)), 45)
    yield _saved(image.transpose(Image.Transpose(int(rng.integers(0, 7)))), 60)
    yield _saved(image.point(lambda level: min(255, level * 1.3)), 85)
    width, height = round(0.9 * image.width), round(0.9 * image.height)
    left, top = int(rng.integers(0, image.width - width)), int(rng.integers(0, image.height - height))
    yield _saved(image.crop((left, top, left + width, top + height)), 80)


def _saved(image: Image.Image, quality: int) -> Pixels:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def _taken(thing: object, pixels: Pixels) -> Taken:
    return Taken(thing, encode_jpeg(thumbnail(pixels)), measure(pixels), model_image(pixels, SIDE_PX))


def _is_usable(one: Taken, limits: QualitySettings) -> bool:
    dark, blurred = float(one.values["luma_mean"]), float(one.values["sharpness"])
    return dark >= (limits.min_luma_mean or 0) and blurred >= (limits.min_sharpness or 0)


def _view(one: Taken) -> View | None:
    pixels = decode_jpeg(one.jpeg)
    return None if pixels is None else View(pixels)


def _searched(
    images: Sequence[Taken], vectors: npt.NDArray[np.float32], settings: DuplicateSettings, read_view: ReadView
) -> tuple[float, float, float]:
    """Share of copies joined with what they repeat, share of joined pairs that show different things, processor seconds."""
    is_searchable = np.ones(len(images), np.bool_)
    arrays = Images(
        pixels=[str(one.values["pixels_sha256"]) for one in images],
        hashes=np.array([one.values["perceptual_hash"] for one in images], np.uint64),
        likeness=likeness_of(vectors, is_searchable, settings),
        is_searchable=is_searchable,
        first_new=0,
    )
    groups = DuplicateGroups(SplitGroups({}, {}), {}, {}, is_searchable.tolist(), arrays.likeness.is_near)
    began = time.process_time()
    add_new_images(arrays, groups, settings, {}, Verdicts(read_view, settings))
    seconds = time.process_time() - began
    joined = [pair for members in groups.members.values() for pair in itertools.combinations(members, 2)]
    wrong = sum(images[one].thing != images[other].thing for one, other in joined)
    first: dict[object, set[int]] = {}
    copies = found = 0
    for number, one in enumerate(images):
        copies += one.thing in first
        found += groups.group_of[number] in first.get(one.thing, set())
        first.setdefault(one.thing, set()).add(groups.group_of[number])
    return found / max(1, copies), wrong / max(1, len(joined)), seconds


if __name__ == "__main__":
    sys.exit(main())
