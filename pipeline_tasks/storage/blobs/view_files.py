"""Embeddings of an image's augmented views: derived, and stored so that the next training does not compute them again."""

from __future__ import annotations

import io

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
    try:
        content = objects.read(_key(recipe, image_id)).content
    except NotFoundError:
        return None
    array = without_digest(content)
    if array is None:
        with around("view.drop_broken"):
            objects.delete(_key(recipe, image_id))
        return None
    views: NDArray[np.float32] = np.load(io.BytesIO(array), allow_pickle=False)
    return views


def write_views(objects: ObjectStore, recipe: str, image_id: str, views: NDArray[np.float32]) -> None:
    """Store the embeddings of one image's views; existing ones are kept."""
    buffer = io.BytesIO()
    np.save(buffer, views, allow_pickle=False)
    try:
        with around("view.put"):
            objects.write_new(_key(recipe, image_id), with_digest(buffer.getvalue()))
    except AlreadyThereError:
        return


def _key(recipe: str, image_id: str) -> str:
    return layout.derived(recipe, f"{image_id[:2]}/{image_id}.npy")
