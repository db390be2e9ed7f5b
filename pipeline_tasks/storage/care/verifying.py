"""Reads a whole root and names exactly the objects that are not what their names, or those who name them, say."""

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
"""Hears how many of how many objects have been read."""
_BATCH = 1000


@dataclass(frozen=True)
class Damage:
    """An object that is not what it must be."""

    key: str
    why: str
    named_by: str | None = None
    """Who names it; None if only its own name says what it must be."""


@dataclass
class Verification:
    """What was read and what was found."""

    objects: int = 0
    checked: int = 0
    unchecked: dict[str, int] = field(default_factory=dict)
    """Folder → objects about which nothing says what they must be: made again at need, or replaced at each change."""
    damaged: list[Damage] = field(default_factory=list)
    """Sorted by key."""


def verify_objects(objects: ObjectStore, tell: Tell | None = None) -> tuple[Verification, NamedObjects]:
    """Read every object that lies in the root or that something in it names; return what was found, and what was wanted.

    Raises:
        ServiceError: the root does not answer.
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
    found.unchecked, found.checked = dict(sorted(unchecked.items())), len(keys) - unchecked.total()
    return found, named


def look_at(objects: ObjectStore, named: NamedObjects, key: str) -> Damage | None:
    """Read one object; what is wrong with it, or None."""
    named_by = named.named_by.get(key)
    try:
        content = objects.read(key).content
    except NotFoundError:
        # What nobody names may have been let go of since it was listed.
        return None if named_by is None else Damage(key, "missing", named_by)
    except OSError as error:
        return Damage(key, f"cannot be read: {error}", named_by)
    problem = named.problem(key, content) if is_checked(named, key) else None
    return None if problem is None else Damage(key, problem, named_by)


def is_checked(named: NamedObjects, key: str) -> bool:
    """Whether anything says what this object must be; what was set aside is known to be bad."""
    return not key.startswith(layout.SET_ASIDE) and named.can_be_checked(key)
