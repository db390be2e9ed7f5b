"""Repair of a root with good bytes from a second copy; damaged bytes are set aside, never deleted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from pipeline_tasks.errors import AlreadyThereError, ChangedMeanwhileError, NotFoundError, StorageError
from pipeline_tasks.storage.care.verifying import Tell, Verification, look_at, verify_objects
from pipeline_tasks.storage.ledger.event_names import NamedObjects
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore, StoredObject


@dataclass
class Mending:
    """Result of a repair: damaged objects, the repaired ones, and the reason for each of the rest."""

    verification: Verification
    """State of the root after the repair."""
    mended: list[str] = field(default_factory=list)
    not_mended: dict[str, str] = field(default_factory=dict)
    """Key → reason why the copy could not help."""


def verify_and_mend(objects: ObjectStore, copy: ObjectStore | None = None, tell: Tell | None = None) -> Mending:
    """Verify a root; with a second copy, mend damaged objects and verify again, until nothing more can be mended.

    A mended event may name further objects that are missing.
    """
    verification, named = verify_objects(objects, tell)
    mending = Mending(verification)
    while copy is not None and mending.verification.damaged:
        mending.not_mended = {}
        before = len(mending.mended)
        for damage in mending.verification.damaged:
            why = _mend(objects, copy, named, damage.key)
            if why is None:
                mending.mended.append(damage.key)
            else:
                mending.not_mended[damage.key] = why
        if len(mending.mended) == before:
            break
        mending.verification, named = verify_objects(objects, tell)
    return mending


def _mend(objects: ObjectStore, copy: ObjectStore, named: NamedObjects, key: str) -> str | None:
    """Replace one object with the copy's; return the reason if that failed, else None."""
    try:
        good = copy.read(key).content
    except NotFoundError:
        return "the copy has no such object"
    problem = named.problem(key, good) or _foreign(objects, copy, key)
    if problem is not None:
        return f"the copy's object is damaged, too: {problem}"
    try:
        _put_back(objects, key, good)
    except (AlreadyThereError, ChangedMeanwhileError) as error:
        return f"another process wrote it meanwhile: {error}"
    damage = look_at(objects, named, key)
    return None if damage is None else f"it was put back and is damaged again: {damage.why}"


def _put_back(objects: ObjectStore, key: str, good: bytes) -> None:
    try:
        bad = objects.read(key)
    except NotFoundError:
        with around("mend.put"):
            objects.write_new(key, good)
        return
    _set_aside(objects, key, bad)
    with around("mend.replace"):
        objects.replace(key, good, bad.etag)


def _set_aside(objects: ObjectStore, key: str, bad: StoredObject) -> None:
    try:
        with around("mend.set_aside"):
            objects.write_new(layout.set_aside(key, hashlib.sha256(bad.content).hexdigest()), bad.content)
    except AlreadyThereError:
        return  # The name is the digest of the bytes: an earlier, interrupted try has already set them aside.


def _foreign(objects: ObjectStore, copy: ObjectStore, key: str) -> str | None:
    """Reason why the copy's event may belong to another project: no neighbouring event is the same in both roots."""
    if not key.startswith(layout.LEDGER):
        return None
    sequence = int(key.removeprefix(layout.LEDGER).removesuffix(".json"))
    for neighbour in (sequence - 1, sequence + 1):
        try:
            if objects.read(layout.event(neighbour)).content == copy.read(layout.event(neighbour)).content:
                return None
        except StorageError:
            continue
    return "neither event beside it is the same in both roots, so that it may be another project's"
