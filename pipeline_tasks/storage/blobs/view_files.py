"""Embeddings or feature maps of an image's views: derived, and stored so that the next training does not compute them again."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import AlreadyThereError, NotFoundError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.self_checked import with_digest, without_digest


def read_views(objects: ObjectStore, recipe: str, image_id: str) -> NDArray[np.float32] | None:
    """Embeddings (views x D) of one image's views; None if they are missing or damaged.

    `recipe` is the digest of all their inputs except the image.
    """
    return _read(objects, _key(recipe, image_id))


def write_views(objects: ObjectStore, recipe: str, image_id: str, views: NDArray[np.float32]) -> None:
    """Store the embeddings of one image's views; existing ones are kept."""
    _write(objects, _key(recipe, image_id), views)


def read_maps(objects: ObjectStore, recipe: str, image_id: str, number: int) -> NDArray[np.float16] | None:
    """Feature maps of one view of an image as one row; None if they are missing or damaged."""
    return _read(objects, _key(recipe, image_id, number))


def write_maps(objects: ObjectStore, recipe: str, image_id: str, number: int, maps: NDArray[np.float16]) -> None:
    """Store the feature maps of one view of an image; existing ones are kept."""
    _write(objects, _key(recipe, image_id, number), maps)


def _read(objects: ObjectStore, key: str) -> NDArray[Any] | None:
    try:
        content = objects.read(key).content
    except NotFoundError:
        return None
    array = without_digest(content)
    if array is None:
        with around("view.drop_broken"):
            objects.delete(key)
        return None
    views: NDArray[Any] = np.load(io.BytesIO(array), allow_pickle=False)
    return views


def _write(objects: ObjectStore, key: str, values: NDArray[Any]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    try:
        with around("view.put"):
            objects.write_new(key, with_digest(buffer.getvalue()))
    except AlreadyThereError:
        return


def _key(recipe: str, image_id: str, number: int | None = None) -> str:
    view = "" if number is None else f".{number}"
    return layout.derived(recipe, f"{image_id[:2]}/{image_id}{view}.npy")
