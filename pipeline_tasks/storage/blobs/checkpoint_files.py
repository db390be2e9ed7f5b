"""Checkpoints, from which a killed training resumes, and the resulting candidate.

Names contain the digest of the content, so an orphaned try that still runs beside its successor can replace nothing.
"""

from __future__ import annotations

import hashlib
import re

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore

_DIGITS = 24


def keep_checkpoint(objects: ObjectStore, cycle_id: str, recipe: str, phase: str, epochs_done: int, content: bytes) -> None:
    """Store a training's checkpoint and delete all but the last two; `recipe` is the digest of all inputs of the training."""
    folder = _folder(cycle_id, recipe, phase)
    _write(objects, f"{folder}{epochs_done:05d}-{_short(content)}.ckpt", content)
    for key in list(objects.list(folder))[:-2]:
        with around("checkpoint.drop_older"):
            objects.delete(key)


def newest_checkpoint(objects: ObjectStore, cycle_id: str, recipe: str, phase: str) -> bytes | None:
    """The training's newest undamaged checkpoint; None if there is none."""
    for key in reversed(list(objects.list(_folder(cycle_id, recipe, phase)))):
        try:
            content = objects.read(key).content
        except NotFoundError:
            continue
        if key.endswith(f"-{_short(content)}.ckpt"):
            return content
        # Delete the damaged one, so that the restarted training can store this checkpoint again.
        with around("checkpoint.drop_broken"):
            objects.delete(key)
    return None


def drop_checkpoints(objects: ObjectStore, cycle_id: str) -> None:
    """Delete all checkpoints of a cycle whose training is done; its candidate stays."""
    for key in list(objects.list(layout.checkpoint(cycle_id, ""))):
        if key.endswith(".ckpt"):
            with around("checkpoint.drop_done"):
                objects.delete(key)


def put_candidate(objects: ObjectStore, cycle_id: str, content: bytes) -> tuple[str, str]:
    """Store a training's candidate; return its key and sha256."""
    sha256 = hashlib.sha256(content).hexdigest()
    key = layout.checkpoint(cycle_id, f"candidate-{sha256[:_DIGITS]}.npz")
    _write(objects, key, content)
    return key, sha256


def is_candidate(key: str) -> bool:
    """Return True if the key is a candidate's, which an event names, and not a checkpoint's, which nothing names."""
    return re.fullmatch(r"checkpoints/[^/]+/candidate-[0-9a-f]+\.npz", key) is not None


def read_candidate(objects: ObjectStore, key: str, sha256: str) -> bytes:
    """Read a candidate's bytes, verified.

    Raises:
        NotFoundError: it does not exist.
        CorruptObjectError: its bytes changed in the store.
    """
    content = objects.read(key).content
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CorruptObjectError(f"{key}: wanted sha256 {sha256}, found {found}")
    return content


def _folder(cycle_id: str, recipe: str, phase: str) -> str:
    return layout.checkpoint(cycle_id, f"{recipe[:_DIGITS]}/{phase}-")


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _write(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        with around("checkpoint.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        if objects.read(key).content != content:
            raise CorruptObjectError(f"{key}: wanted the bytes it was written with, found others") from None
