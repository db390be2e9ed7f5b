"""Trash of a root: collected objects stay there under their old key until they are deleted for good or needed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline_tasks.errors import AlreadyThereError, NotFoundError, StorageError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.content_names import promise_of
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore


def move_to_trash(objects: ObjectStore, key: str, is_needed: Callable[[], bool] = lambda: False) -> bool:
    """Copy an object into the trash, then delete it; True if it is now only there. Safe to run again after an interruption.

    `is_needed` is called after the copy, just before the deletion; if it returns True, the object stays. An object that already
    has a copy in the trash stays, too: it may have been written again since it was collected, and its age is unknown.
    """
    try:
        content = objects.read(key).content
        with around("trash.put"):
            objects.write_new(layout.trash(key), content)
    except NotFoundError:
        return is_there(objects, layout.trash(key))
    except AlreadyThereError:
        return False
    if is_needed():
        purge(objects, key)
        return False
    with around("trash.delete"):
        objects.delete(key)
    return True


def put_back(objects: ObjectStore, key: str) -> bool:
    """Copy an object back from the trash and delete it there; True if it now exists. An existing object is not replaced.

    Raises:
        StorageError: its bytes no longer match its name; it is left in the trash.
    """
    try:
        content = objects.read(layout.trash(key)).content
    except NotFoundError:
        return is_there(objects, key)
    promise = promise_of(key)
    problem = None if promise is None else promise(content)
    if problem:
        raise StorageError(f"{layout.trash(key)}: is needed, but is damaged: {problem}")
    try:
        with around("trash.put_back"):
            objects.write_new(key, content)
    except AlreadyThereError:
        pass  # It was written again.
    purge(objects, key)
    return True


def purge(objects: ObjectStore, key: str) -> None:
    """Delete an object's copy in the trash for good."""
    with around("trash.purge"):
        objects.delete(layout.trash(key))


def ensure_there(objects: ObjectStore, keys: Iterable[str]) -> None:
    """Put back objects that were collected while they were being named.

    Raises:
        StorageError: an object is neither in the store nor in its trash.
    """
    gone = [key for key in keys if not is_there(objects, key) and not put_back(objects, key)]
    if gone:
        raise StorageError(
            f"{len(gone)} objects that were just named are neither in the store nor in its trash: "
            f"{', '.join(gone[:3])}; run the stage again"
        )


def is_there(objects: ObjectStore, key: str) -> bool:
    """Return True if an object exists at this key; reads at most one byte."""
    try:
        objects.read_range(key, 0, 1)
    except NotFoundError:
        return False
    return True
