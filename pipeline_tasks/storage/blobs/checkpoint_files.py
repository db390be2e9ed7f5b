"""What a killed training resumes from, and the candidate it ends in.

Names digest their content: an orphaned try that still runs beside its successor can replace nothing.
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
    """Keep a training's checkpoint and let go of the one before the last; `recipe` names all that the training depends on."""
    folder = _folder(cycle_id, recipe, phase)
    _write(objects, f"{folder}{epochs_done:05d}-{_short(content)}.ckpt", content)
    for key in list(objects.list(folder))[:-2]:
        with around("checkpoint.drop_older"):
            objects.delete(key)


def newest_checkpoint(objects: ObjectStore, cycle_id: str, recipe: str, phase: str) -> bytes | None:
    """The training's newest checkpoint that is whole; None if there is none."""
    for key in reversed(list(objects.list(_folder(cycle_id, recipe, phase)))):
        try:
            content = objects.read(key).content
        except NotFoundError:
            continue
        if key.endswith(f"-{_short(content)}.ckpt"):
            return content
        # Out of the way, so that the training that starts over can keep this checkpoint again.
        with around("checkpoint.drop_broken"):
            objects.delete(key)
    return None


def drop_checkpoints(objects: ObjectStore, cycle_id: str) -> None:
    """Let go of all checkpoints of a cycle whose training is done; its candidate stays."""
    for key in list(objects.list(layout.checkpoint(cycle_id, ""))):
        if key.endswith(".ckpt"):
            with around("checkpoint.drop_done"):
                objects.delete(key)


def put_candidate(objects: ObjectStore, cycle_id: str, content: bytes) -> tuple[str, str]:
    """Store what a training ended in; return its key and sha256."""
    sha256 = hashlib.sha256(content).hexdigest()
    key = layout.checkpoint(cycle_id, f"candidate-{sha256[:_DIGITS]}.npz")
    _write(objects, key, content)
    return key, sha256


def is_candidate(key: str) -> bool:
    """Whether this is what a training ended in, which its event names; checkpoints nobody names."""
    return re.fullmatch(r"checkpoints/[^/]+/candidate-[0-9a-f]+\.npz", key) is not None


def read_candidate(objects: ObjectStore, key: str, sha256: str) -> bytes:
    """Return a candidate's bytes, verified.

    Raises:
        NotFoundError: it is gone.
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
