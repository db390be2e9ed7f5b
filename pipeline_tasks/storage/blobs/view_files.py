"""Embeddings of an image's augmented views: derived, made again at need, so that the next training does not embed them anew."""

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
    """The embeddings (views x D) of one image's views; None if they are not there, or no longer whole.

    `recipe` names all that they depend on beside the image.
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
    """Keep the embeddings of one image's views; who comes second changes nothing."""
    buffer = io.BytesIO()
    np.save(buffer, views, allow_pickle=False)
    try:
        with around("view.put"):
            objects.write_new(_key(recipe, image_id), with_digest(buffer.getvalue()))
    except AlreadyThereError:
        return


def _key(recipe: str, image_id: str) -> str:
    return layout.derived(recipe, f"{image_id[:2]}/{image_id}.npy")
