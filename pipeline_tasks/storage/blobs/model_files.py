"""Models in a project's root: ONNX files, named by their digest and verified on every read."""

from __future__ import annotations

import hashlib

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore


def put_model(objects: ObjectStore, content: bytes) -> str:
    """Store a model's bytes and return their digest (sha256). Storing it twice changes nothing.

    Raises:
        CorruptObjectError: other bytes are stored under this name.
    """
    digest = hashlib.sha256(content).hexdigest()
    try:
        with around("model.put"):
            objects.write_new(layout.model(digest), content)
    except AlreadyThereError:
        read_model(objects, digest)
    return digest


def read_model(objects: ObjectStore, digest: str) -> bytes:
    """Return a model's bytes, verified against its digest.

    Raises:
        NotFoundError: it is not in the store.
        CorruptObjectError: its bytes changed in the store.
    """
    content = objects.read(layout.model(digest)).content
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise CorruptObjectError(f"{layout.model(digest)}: wanted sha256 {digest}, found {found}")
    return content
