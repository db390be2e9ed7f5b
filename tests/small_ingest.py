"""Stand-ins for a quick ingest: a decoder in this process, a backbone of three numbers."""

from __future__ import annotations

import io
import os
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import given
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.taking_in import take_in
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.sources.source import Source, open_sources
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import measure_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.history.store import Store


class InProcessDecoder:
    """Decodes without children."""

    def __init__(self) -> None:
        """Count what was decoded."""
        self.decoded = 0

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        """Decode a file."""
        self.decoded += 1
        return decode(content, Limits(), form)

    def take_in(self, content: bytes, form: CanonicalForm, sizes: IntakeSizes) -> IntakeImage:
        """Decode a file for the intake."""
        self.decoded += 1
        return take_in(content, Limits(), form, sizes)


class MeanBackbone:
    """Embeds an image as its mean color."""

    digest = given.image_id("mean backbone")
    engine = "numpy"
    side_px = 32
    dimensions = 3

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed images, N x 32 x 32 x 3."""
        means: NDArray[np.float32] = images.mean(axis=(1, 2), dtype=np.float32)
        return means


def an_image(number: int, file_format: str = "PNG", **options: object) -> bytes:
    """A file of noise that depends on the number."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def put_files(home: Path, files: dict[str, bytes], age_s: float = 60) -> None:
    """Write files into the inbox as if they had been lying there when the cycle started."""
    moment = (given.STARTED_AT - timedelta(seconds=age_s)).timestamp()
    for name, content in files.items():
        path = home / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (moment, moment))


def sources_of(cycle: Cycle, home: Path) -> list[Source]:
    """The cycle's sources, their folders in `home`."""
    return open_sources(cycle.project.sources, home)


def ingest(store: Store, cycle: Cycle, home: Path) -> RecordImagesSummary:
    """Run the three stages of ingest."""
    listed = asdict(list_new_images(store, cycle, sources_of(cycle, home)))
    for shard in range(listed["shards"]):
        measure(store, cycle, home, shard)
    return record_images(store, cycle)


def measure(store: Store, cycle: Cycle, home: Path, shard: int = 0, decoder: InProcessDecoder | None = None) -> object:
    """Measure one shard with the stand-ins."""
    return measure_images(store, cycle, shard, sources_of(cycle, home), decoder or InProcessDecoder(), MeanBackbone())  # type: ignore[arg-type]
