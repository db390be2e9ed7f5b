"""Originals: content-addressed, verified on every read, never changed."""

from __future__ import annotations

import hashlib

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, RejectedFileError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore


def put_original(objects: ObjectStore, content: bytes, image_id: str | None = None) -> tuple[str, str]:
    """Store a file's bytes; return its image_id (sha256) and its md5. Storing it twice changes nothing.

    `image_id`: if the caller has computed it already.

    Raises:
        RejectedFileError: `md5_collision`, if other bytes with the same md5 are stored.
        CorruptObjectError: the stored object no longer has the md5 in its name.
    """
    image_id = image_id or hashlib.sha256(content).hexdigest()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    try:
        with around("original.put"):
            objects.write_new(layout.original(md5), content)
    except AlreadyThereError:
        standing = objects.read(layout.original(md5)).content
        if standing != content:
            _refuse(md5, standing)
    return image_id, md5


def read_original(objects: ObjectStore, image_id: str, md5: str) -> bytes:
    """Return an original, verified against its image_id.

    Raises:
        NotFoundError: it is not in the store.
        CorruptObjectError: its bytes changed in the store.
    """
    content = objects.read(layout.original(md5)).content
    found = hashlib.sha256(content).hexdigest()
    if found != image_id:
        raise CorruptObjectError(f"{layout.original(md5)}: wanted sha256 {image_id}, found {found}")
    return content


def _refuse(md5: str, standing: bytes) -> None:
    """Raise the error for damage or for a collision: damaged bytes no longer have the md5 in their name."""
    found = hashlib.md5(standing, usedforsecurity=False).hexdigest()
    if found != md5:
        raise CorruptObjectError(f"{layout.original(md5)}: wanted md5 {md5}, found {found}")
    raise RejectedFileError("md5_collision", f"another image in the store has the md5 {md5} but other bytes")
