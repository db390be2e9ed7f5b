"""Verification of a whole root: finds exactly the objects whose bytes do not match their name or their recorded digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.storage.care.named_objects import THREADS, named_objects
from pipeline_tasks.storage.ledger.event_names import NamedObjects
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore

Tell = Callable[[int, int], None]
"""Called with the number of objects read and their total."""
_BATCH = 1000


@dataclass(frozen=True)
class Damage:
    """A damaged or missing object."""

    key: str
    why: str
    named_by: str | None = None
    """Description of what names it; None if only its own name gives the digest."""


@dataclass
class Verification:
    """Result of a verification."""

    objects: int = 0
    checked: int = 0
    unchecked: dict[str, int] = field(default_factory=dict)
    """Folder → number of objects without a known digest: made again when needed, or replaced at each change."""
    damaged: list[Damage] = field(default_factory=list)
    """Sorted by key."""
    may_name_more: list[str] = field(default_factory=list)
    """Damaged objects that name others: one that only these name, and that is gone, is found once they are mended."""


def verify_objects(objects: ObjectStore, tell: Tell | None = None) -> tuple[Verification, NamedObjects]:
    """Read every object that is in the root or named in it; return the result and the named objects.

    Raises:
        ServiceError: the root does not respond.
    """
    named = named_objects(objects)
    keys = sorted({*objects.list(""), *named.named_by})
    found, unchecked = Verification(objects=len(keys)), Counter[str]()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="verify") as threads:
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            for key, damage in zip(batch, threads.map(lambda key: look_at(objects, named, key), batch), strict=True):
                if damage is not None:
                    found.damaged.append(damage)
                elif not is_checked(named, key):
                    unchecked[key.split("/")[0]] += 1
            if tell:
                tell(start + len(batch), len(keys))
    found.may_name_more = sorted(set(named.unreadable))
    found.unchecked, found.checked = dict(sorted(unchecked.items())), len(keys) - unchecked.total()
    return found, named


def look_at(objects: ObjectStore, named: NamedObjects, key: str) -> Damage | None:
    """Read one object; return its damage, or None."""
    named_by = named.named_by.get(key)
    try:
        content = objects.read(key).content
    except NotFoundError:
        # An object that nothing names may have been deleted since it was listed.
        return None if named_by is None else Damage(key, "missing", named_by)
    except OSError as error:
        return Damage(key, f"cannot be read: {error}", named_by)
    problem = named.problem(key, content) if is_checked(named, key) else None
    return None if problem is None else Damage(key, problem, named_by)


def is_checked(named: NamedObjects, key: str) -> bool:
    """Return True if a digest for this object is known; bytes that were set aside are not checked."""
    return not key.startswith(layout.SET_ASIDE) and named.can_be_checked(key)
