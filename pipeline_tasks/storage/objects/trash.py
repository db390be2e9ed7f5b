"""The trash of a root: what is collected lies there under its old name until it is deleted for good, or is needed after all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline_tasks.errors import AlreadyThereError, NotFoundError, StorageError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.content_names import promise_of
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore


def move_to_trash(objects: ObjectStore, key: str, is_needed: Callable[[], bool] = lambda: False) -> bool:
    """Copy an object into the trash, then delete it; whether it lies only there now. Broken off, it can be done again.

    `is_needed` is asked when the copy stands, just before the object would be deleted; then it stays where it is. So does what
    has a copy in the trash already: it may have been put anew since it was collected, and nobody can say how young it is.
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
    """Copy an object back from the trash, then out of it; whether it stands in its place now. What stands there stays.

    Raises:
        StorageError: its bytes are no longer what its name promises; it is left in the trash.
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
    gone = [key for key in keys if not is_there(objects, key) and not put_back(objects, key)]
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
