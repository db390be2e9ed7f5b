"""Thumbnails: small JPEGs for reports, made while measuring, and made again when needed."""

from __future__ import annotations

from pipeline_tasks.errors import AlreadyThereError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore

MAX_SIDE_PX = 160
_RECIPE = f"thumbnail-{MAX_SIDE_PX}"


def put_thumbnail(objects: ObjectStore, image_id: str, jpeg: bytes) -> None:
    """Store an image's thumbnail; an existing one is kept."""
    try:
        with around("thumbnail.put"):
            objects.write_new(thumbnail_key(image_id), jpeg)
    except AlreadyThereError:
        pass  # The same image gives the same thumbnail.


def read_thumbnail(objects: ObjectStore, image_id: str) -> bytes:
    """Return an image's thumbnail as a JPEG.

    Raises:
        NotFoundError: none was made.
    """
    return objects.read(thumbnail_key(image_id)).content


def thumbnail_key(image_id: str) -> str:
    """Key of an image's thumbnail."""
    return layout.derived(_RECIPE, f"{image_id[:2]}/{image_id}.jpg")
