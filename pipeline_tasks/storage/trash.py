"""The trash of a root: what is collected lies there under its old name until it is deleted for good, or is needed after all."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_tasks.errors import AlreadyThereError, NotFoundError, StorageError
from pipeline_tasks.storage import layout
from pipeline_tasks.storage.content_names import promise_of
from pipeline_tasks.storage.fail_points import around
from pipeline_tasks.storage.objects import ObjectStore


def move_to_trash(objects: ObjectStore, key: str) -> bool:
    """Copy an object into the trash, then delete it; False if it is not there. Broken off, it can be done again."""
    try:
        content = objects.read(key).content
    except NotFoundError:
        return False
    _put(objects, layout.trash(key), content)
    with around("trash.delete"):
        objects.delete(key)
    return True


def put_back(objects: ObjectStore, key: str) -> bool:
    """Copy an object back from the trash, then out of it; False if it is not in the trash. What stands already stays.

    Raises:
        StorageError: its bytes are no longer what its name promises; it is left in the trash.
    """
    try:
        content = objects.read(layout.trash(key)).content
    except NotFoundError:
        return False
    promise = promise_of(key)
    problem = None if promise is None else promise(content)
    if problem:
        raise StorageError(f"{layout.trash(key)}: is needed, but is damaged: {problem}")
    try:
        with around("trash.put_back"):
            objects.write_new(key, content)
    except AlreadyThereError:
        pass  # Somebody wrote it anew.
    purge(objects, key)
    return True


def purge(objects: ObjectStore, key: str) -> None:
    """Delete an object's copy in the trash for good."""
    with around("trash.purge"):
        objects.delete(layout.trash(key))


def ensure_there(objects: ObjectStore, keys: Iterable[str]) -> None:
    """Put back what was collected while it was being named.

    Raises:
        StorageError: an object is neither in the store nor in its trash.
    """
    missing = [key for key in keys if not is_there(objects, key) and not put_back(objects, key)]
    # Somebody else may have put it back between the two looks.
    gone = [key for key in missing if not is_there(objects, key)]
    if gone:
        raise StorageError(
            f"{len(gone)} objects that were just named are neither in the store nor in its trash: {', '.join(gone[:3])}"
        )


def is_there(objects: ObjectStore, key: str) -> bool:
    """Whether an object stands under this key; no byte more than one is read."""
    try:
        objects.read_range(key, 0, 1)
    except NotFoundError:
        return False
    return True


def _put(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        with around("trash.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        standing = objects.read(key)
        if standing.content != content:
            with around("trash.replace"):
                objects.replace(key, content, standing.etag)
