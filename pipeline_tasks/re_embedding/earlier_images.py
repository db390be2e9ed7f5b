"""Embeds images of earlier cycles by a backbone that has not seen them, each shard of a cycle its share."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.erasure.erased_images import is_erased_in
from pipeline_tasks.storage.history.embedding_rows import lacking_embedding
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.time_left import time_left

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedImage:
    """A row of `embeddings`."""

    image_id: str
    backbone_digest: str
    engine: str
    embedding: npt.NDArray[np.float32]


class EarlierImages:
    """The images that lack an embedding by a backbone, and are one shard's to embed: none while the backbone stays."""

    def __init__(self, store: Store, cycle_id: str, shard: int, shards: int, backbone: Backbone) -> None:
        """Find them; each try of a shard finds the same ones but those that were erased or embedded meanwhile."""
        self._store, self._backbone, self._shard = store, backbone, shard
        # `record_images` reads the shards of the plan, of which an empty one has none.
        lacking = lacking_embedding(store, backbone.digest) if shards else []
        if lacking:
            opened = min(store.state().stages[cycle_id].values())
            then = lacking_embedding(PastStore(store.objects, opened), backbone.digest)
            still, is_erased = set(lacking), is_erased_in(store)
            lacking = [one for one in then[shard::shards] if one in still and not is_erased(one)]
        self.image_ids = lacking

    def rows(self, decoder: Decoder) -> list[EmbeddedImage]:
        """Embed them as new images are.

        Raises:
            NotFoundError, CorruptObjectError: an original is gone, or is not what it was.
        """
        stored = stored_images(self._store.rows_of(Image, self.image_ids, columns=COLUMNS).iter_rows())
        side_px = self._backbone.side_px

        def row(image_id: str) -> EmbeddedImage:
            """Embedding of one image."""
            content = read_original(self._store.objects, image_id, stored[image_id].md5)
            pixels = decoder.decode(content, form_for_model(stored[image_id].form, side_px)).pixels
            return embedded(image_id, self._backbone, model_image(pixels, side_px))

        with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0)), thread_name_prefix="re-embed") as threads:
            return list(self._progress(threads.map(row, self.image_ids)))

    def _progress(self, rows: Iterator[EmbeddedImage]) -> Iterator[EmbeddedImage]:
        """Pass on the rows, and log the progress from time to time."""
        count, started = len(self.image_ids), time.monotonic()
        for number, one in enumerate(rows, start=1):
            if number % max(1, count // 10) == 0 or number == count:
                left = time_left(number, count, time.monotonic() - started)
                told = "shard %d: embedded %d of %d images of earlier nights by the new backbone%s"
                logger.info(told, self._shard, number, count, left)
            yield one


def embedded(image_id: str, backbone: Backbone, image: Pixels) -> EmbeddedImage:
    """Embed one model-size image (side x side x 3, uint8)."""
    return EmbeddedImage(image_id, backbone.digest, backbone.engine, backbone.embed(image[None])[0])


def not_yet_embedded(store: Store, embeddings: pl.DataFrame) -> pl.DataFrame:
    """The rows of the project's images that have no embedding by the same backbone yet, from another cycle either."""
    ids = embeddings["image_id"]
    known = store.rows_of(Image, ids, columns=["image_id"])
    there = store.rows_of(Embedding, ids, columns=["image_id", "backbone_digest"])
    return embeddings.join(known, on="image_id", how="semi").join(there, on=["image_id", "backbone_digest"], how="anti")
