"""Intake of real JPEGs by the night's stages, beside plain decoding of the same files by libjpeg-turbo; `make bench-intake`.

Files: real JPEGs of NIGHTLENS_DATA are too few and too small, so each file is one seeded crop of a photograph, or several side by
side where it is larger than one, so that its detail is that of photographs and not of an enlargement. Long sides are drawn between
500 and 1,280 px, for a tenth between 2,000 and 4,000 px, as phones write them; quality 80 to 95; four of five with halved colours.

- limit: simplejpeg's full-colour decode of each file (libjpeg-turbo, threads on all cores), read from the disk's cache.
- intake: `list_new_images`, `measure_images`, `record_images` with the sandboxed decoder, into a store in memory that does not keep
  originals. Nothing is embedded, and the image of the backbone's size, which only the embedding needs, is not made; a second run
  makes it at 224 px.
- blobs: the same into a store on disk, with and without fsync.
- pieces: milliseconds of processor an image in this process, of a sample.

Rates are of elapsed time; beside each ratio stands that of processor seconds, which other work on the machine changes less.

    python -m benchmarks.intake --images 500
    python -m benchmarks.intake --files DIR         (JPEGs of your own)
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import given
import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image
from small_ingest import sources_of

from benchmarks.intake_side import print_pieces
from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.intake_image import IntakeSizes
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import measure_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.blobs.thumbnails import MAX_SIDE_PX
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.layout import ORIGINALS
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore

LEAST_RATIO = 0.6
SEED = 2026
PATTERNS = ("photos/*/*.jpg", "cells/images/*.jpg")
PART_FILES = 1000
"""Files of a part: a shard's images by default, because each run also costs what a shard costs."""
EVERY_LARGE = 10
SAMPLE = 200
BLOB_SHARE = 5
"""Every so manyth file is stored on disk, to tell apart what that costs."""


@dataclass(frozen=True)
class NoBackbone:
    """Stand-in that embeds nothing, for images of one side."""

    side_px: int
    digest: str = given.image_id("no backbone")
    engine: str = "none"
    dimensions: int = 1

    def embed(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """One zero an image."""
        return np.zeros((len(images), 1), np.float32)


class WithoutOriginals(MemoryObjects):
    """Store in memory without the bytes of originals, whose putting is timed apart: fresh memory for them is a part of it."""

    def write_new(self, key: str, content: bytes) -> str:
        """Store under a free key."""
        return super().write_new(key, b"" if key.startswith(ORIGINALS) else content)


@dataclass(frozen=True)
class Seconds:
    """Elapsed time, and processor time of this process and its running children."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Seconds) -> Seconds:
        """Both together."""
        return Seconds(self.wall + other.wall, self.cpu + other.cpu)


@dataclass(frozen=True)
class Took:
    """Seconds of each side for some files."""

    files: int = 0
    limit: Seconds = Seconds()
    intake: Seconds = Seconds()
    with_model_image: Seconds = Seconds()

    def __add__(self, other: Took) -> Took:
        """Both together."""
        return Took(
            self.files + other.files,
            self.limit + other.limit,
            self.intake + other.intake,
            self.with_model_image + other.with_model_image,
        )


def main() -> int:
    """Print rates, their ratio and the pieces; 1 if the ratio misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--files", type=Path, help="a folder of JPEGs to measure instead of files made here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="intake-") as folder:
        home, all_files = Path(folder), Took()
        groups = _linked(arguments.files, home) if arguments.files else _made(home, arguments.images)
        print(f"threads: {_cores()}, load {os.getloadavg()[0]:.1f}")
        for name, files in groups.items():
            took = _side_by_side(files, home)
            all_files += took
            _say(f"{name}, {_about(files)}", took)
        _say("all files", all_files)
        files = sorted(path for some in groups.values() for path in some)
        _print_blobs(home, files[::BLOB_SHARE])
        print_pieces([path.read_bytes() for path in files[:: max(1, len(files) // SAMPLE)]])
    ratio = all_files.limit.wall / all_files.intake.wall
    is_fine = ratio >= LEAST_RATIO
    print(f"ratio {ratio:.2f}, wanted at least {LEAST_RATIO}: {'ok' if is_fine else 'MISSED'}")
    return 0 if is_fine else 1


def _say(name: str, took: Took) -> None:
    print(f"{name}: {took.files} files")
    print(f"  limit, full-colour decode          {took.files / took.limit.wall:8.1f} images/s")
    for words, side in (("intake without embedding", took.intake), ("the same with the image of 224 px", took.with_model_image)):
        ratio, by_cpu = took.limit.wall / side.wall, took.limit.cpu / side.cpu
        print(f"  {words:34} {took.files / side.wall:8.1f} images/s: {ratio:.2f} of the limit, by processor seconds {by_cpu:.2f}")


def _side_by_side(files: Sequence[Path], home: Path) -> Took:
    """Seconds of the limit, of the intake, and of the intake with model-size images; the sides take turns at parts of the files."""
    took = Took()
    parts = max(1, len(files) // PART_FILES)
    for part in range(parts):
        some = files[part::parts]
        took += Took(
            len(some),
            _timed(lambda some=some: _decoded(some)),  # type: ignore[misc]
            _taken_in(WithoutOriginals(), some, home, 0),
            _taken_in(WithoutOriginals(), some, home, 224),
        )
    return took


def _timed(side: Callable[[], object]) -> Seconds:
    wall, cpu = time.perf_counter(), _cpu_s()
    side()
    return Seconds(time.perf_counter() - wall, _cpu_s() - cpu)


def _cpu_s() -> float:
    """Processor time of this process and of its children, which are the decoder's."""
    took, ticks = os.times(), 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        with suppress(FileNotFoundError, ProcessLookupError):  # It ended meanwhile, and so is no child of ours.
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:13])) if int(fields[1]) == os.getpid() else 0
    return took.user + took.system + ticks / os.sysconf("SC_CLK_TCK")


def _decoded(files: Sequence[Path]) -> None:
    with ThreadPoolExecutor(_cores()) as threads:
        for pixels in threads.map(lambda path: simplejpeg.decode_jpeg(path.read_bytes(), "RGB"), files):
            assert pixels.ndim == 3


def _taken_in(objects: ObjectStore, files: Sequence[Path], home: Path, side_px: int) -> Seconds:
    """Time the stages of ingest; the children of the decoder are started before."""
    store = Store(objects)
    inbox = home / "inbox"
    inbox.mkdir()
    for path in files:
        os.link(path, inbox / path.name)
    cycle = given.an_open_cycle(store, shard_images=1_000_000)

    def ingest() -> None:
        list_new_images(store, cycle, sources_of(cycle, home))
        measure_images(store, cycle, 0, sources_of(cycle, home), decoder, NoBackbone(side_px))  # type: ignore[arg-type]
        summary = record_images(store, cycle)
        assert (summary.images_new, summary.rejected) == (len(files), 0), summary

    sizes = IntakeSizes(side_px, MAX_SIDE_PX)
    with DecodingPool() as decoder:
        with ThreadPoolExecutor(2 * _cores()) as threads:
            list(threads.map(lambda content: decoder.take_in(content, NEWEST, sizes), [files[0].read_bytes()] * 4 * _cores()))
        took = _timed(ingest)
    for path in inbox.iterdir():
        path.unlink()
    inbox.rmdir()
    return took


def _print_blobs(home: Path, files: Sequence[Path]) -> None:
    """Milliseconds an image that originals and thumbnails on a disk cost, without and with fsync."""
    memory = _taken_in(WithoutOriginals(), files, home, 0).wall
    with _no_fsync():
        unsafe = _taken_in(DiskObjects(home / "root-1"), files, home, 0).wall
    safe = _taken_in(DiskObjects(home / "root-2"), files, home, 0).wall
    put, fsync = (1000 * seconds / len(files) for seconds in (unsafe - memory, safe - unsafe))
    print(f"on disk, {len(files)} files: {len(files) / safe:.1f} images/s")
    print(f"  milliseconds an image more than in memory: put {put:.2f}, fsync {fsync:.2f}")


@contextmanager
def _no_fsync() -> Iterator[None]:
    fsync = os.fsync
    os.fsync = lambda handle: None
    try:
        yield
    finally:
        os.fsync = fsync


def _made(home: Path, count: int) -> dict[str, list[Path]]:
    """Write the files, by their kind, as they lie in an inbox at rest."""
    data = Path(os.environ.get("NIGHTLENS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    photos = [path for pattern in PATTERNS for path in sorted(data.glob(pattern))]
    if not photos:
        sys.exit(f"{data}: wanted photographs ({', '.join(PATTERNS)}), found none: set NIGHTLENS_DATA, or give --files")
    (home / "files").mkdir()
    large = range(0, count, EVERY_LARGE)
    with ThreadPoolExecutor(_cores()) as threads:
        files = list(threads.map(lambda number: _one(home / "files", photos, number), range(count)))
    few, others = [files[number] for number in large], [files[number] for number in range(count) if number not in large]
    return {"500 to 1,280 px": others, "2,000 to 4,000 px": few}


def _one(folder: Path, photos: Sequence[Path], number: int) -> Path:
    random = np.random.default_rng([SEED, number])
    long_px = int(random.integers(500, 1281) if number % EVERY_LARGE else random.integers(2000, 4001))
    width, height = (long_px, long_px * 3 // 4) if random.random() < 0.7 else (long_px * 3 // 4, long_px)
    across = max(1, round(long_px / 500))
    image = Image.new("RGB", (width, height))
    for row in range(across):
        for column in range(across):
            left, top = column * width // across, row * height // across
            size = (column + 1) * width // across - left, (row + 1) * height // across - top
            with Image.open(photos[random.integers(len(photos))]) as photo:
                image.paste(_crop(photo.convert("RGB"), size, random), (left, top))
    path = folder / f"{number:05}.jpg"
    image.save(path, "JPEG", quality=int(random.integers(80, 96)), subsampling=int(random.choice((0, 2), p=(0.2, 0.8))))
    os.utime(path, (given.STARTED_AT.timestamp() - 3600,) * 2)
    return path


def _crop(photo: Image.Image, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """A crop of 80 to 100 % of a photograph's sides, at this size."""
    width, height = (round(side * random.uniform(0.8, 1.0)) for side in photo.size)
    left, top = random.integers(photo.width - width + 1), random.integers(photo.height - height + 1)
    return photo.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))


def _linked(folder: Path, home: Path) -> dict[str, list[Path]]:
    """JPEGs of a folder, under names of their own."""
    (home / "files").mkdir()
    found = []
    for number, path in enumerate(sorted(folder.rglob("*.jpg"))):
        found.append(home / "files" / f"{number:05}.jpg")
        found[-1].write_bytes(path.read_bytes())
        os.utime(found[-1], (given.STARTED_AT.timestamp() - 3600,) * 2)
    return {str(folder): found}


def _about(files: Sequence[Path]) -> str:
    """Size of a file on average."""
    sizes = []
    for path in files:
        with Image.open(path) as image:
            sizes.append(image.width * image.height / 1e6)
    return f"{np.mean(sizes):.2f} megapixels and {np.mean([path.stat().st_size for path in files]) / 1000:.0f} kB on average"


def _cores() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    sys.exit(main())
