"""Beliefs of a champion that finds objects about images that nobody has annotated, for a selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.kinds.choosing import ObjectBeliefs
from pipeline_tasks.kinds.decoding import Size
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.training_data.version_images import on_all_cores

MOST_LOOKED_AT = 400
"""Images that a champion looks at in one night, drawn at random: about 50 ms of one core each."""


@dataclass(frozen=True)
class SeenObjects:
    """Beliefs about N images."""

    beliefs: npt.NDArray[np.float32]
    """N x names; an image that was not looked at is as the others are on average."""
    instances: tuple[npt.NDArray[np.float32], ...]
    """Beliefs about the objects of each image, M x names; none of one that was not looked at."""
    note: str
    """Sentence on images that the champion did not look at; empty if it looked at the whole pool."""


def look_at_pool(
    store: Store, decoder: Decoder, content: bytes, choosing: ObjectBeliefs, image_ids: Sequence[str], pool: int, seed: int
) -> SeenObjects:
    """Let a model (`content` of its file) look at up to `MOST_LOOKED_AT` of the first `pool` of these images.

    Raises:
        CorruptObjectError: an original was changed in the store.
        RejectedFileError: an original can no longer be decoded.
    """
    looked = np.sort(np.random.default_rng(seed).permutation(pool)[:MOST_LOOKED_AT])
    seen = objects_in_images(store, decoder, ExportedModel(content), [image_ids[row] for row in looked])
    found = [objects for objects, _ in seen]
    return seen_objects(choosing, looked, found, len(image_ids), pool)


def seen_objects(
    choosing: ObjectBeliefs, looked: npt.NDArray[np.int64], found: Sequence[Sequence[Any]], images: int, pool: int
) -> SeenObjects:
    """Beliefs about `images` images from the objects `found` in those `looked` at."""
    names = len(choosing.belief_names)
    own = np.array([choosing.image_beliefs(one) for one in found], np.float32).reshape(-1, names)
    beliefs = np.tile(own.mean(axis=0) if len(own) else np.full(names, 1 / names, np.float32), (images, 1))
    beliefs[looked] = own
    instances = [np.empty((0, names), np.float32)] * images
    for row, objects in zip(looked.tolist(), found, strict=True):
        instances[row] = choosing.object_beliefs(objects)
    note = f" The champion looked at {len(looked)} of {pool} eligible images." if len(looked) < pool else ""
    return SeenObjects(beliefs, tuple(instances), note)


def objects_in_images(
    store: Store, decoder: Decoder, model: ExportedModel, image_ids: Sequence[str]
) -> list[tuple[tuple[Any, ...], Size]]:
    """Objects of any confidence in each image, and its size.

    Raises:
        CorruptObjectError: an original was changed in the store.
        RejectedFileError: an original can no longer be decoded.
    """
    stored = stored_images(store.rows_of(Image, image_ids, columns=COLUMNS).iter_rows())

    def objects_in(image_id: str) -> tuple[tuple[Any, ...], Size]:
        original = read_original(store.objects, image_id, stored[image_id].md5)
        image = decoder.decode(original, form_for_model(stored[image_id].form, model.side_px, model.framing))
        return model.objects(model_image(image.pixels, model.side_px, model.framing), image.size_px), image.size_px

    return on_all_cores("images for the champion", objects_in, image_ids)
