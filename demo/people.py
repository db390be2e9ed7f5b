"""Simulated annotators: the assignment of images and each annotation depend on person and image alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_WRONG = 0.08
"""Upper limit on a person's error ratio, however hard a class is."""


@dataclass(frozen=True)
class Person:
    """One annotator."""

    name: str
    email: str
    error_ratio: float
    """Share of wrong classes on images of ordinary difficulty, 0 to MOST_WRONG."""


PEOPLE = (
    Person("Ada", "ada@nightlens.local", 0.01),
    Person("Ben", "ben@nightlens.local", 0.03),
    Person("Cleo", "cleo@nightlens.local", 0.05),
)
LOOKALIKES: dict[str, tuple[str, ...]] = {
    "chipped_gear": ("gear",),
    "gear": ("chipped_gear",),
    "nut": ("washer",),
    "washer": ("nut", "bearing"),
    "bearing": ("washer",),
    "bolt": ("screw",),
    "screw": ("bolt",),
}
"""Class → the classes it is mistaken for; a class that is not listed may be mistaken for any other."""
DIFFICULTY = {"chipped_gear": 2.0, "gear": 1.5, "spring": 0.3, "bracket": 0.3}
"""Class → factor by which it is mistaken more often than an ordinary one."""


def annotate(
    person: Person,
    image_id: str,
    class_name: str,
    classes: Sequence[str],
    lookalikes: Mapping[str, Sequence[str]] = LOOKALIKES,
    difficulty: Mapping[str, float] = DIFFICULTY,
) -> str:
    """The class that this person gives this image, right or wrong; always the same."""
    wrong_ratio = min(MOST_WRONG, person.error_ratio * difficulty.get(class_name, 1.0))
    if _chance(person.name, image_id, "errs") >= wrong_ratio:
        return class_name
    others = [name for name in lookalikes.get(class_name, classes) if name != class_name and name in classes]
    others = others or [name for name in classes if name != class_name]
    return others[int(_chance(person.name, image_id, "takes it for") * len(others))]


def person_for(people: Sequence[Person], image_id: str, copy_number: int) -> Person:
    """The person who annotates an image; its copies go to different people as long as there are enough."""
    ranked = sorted(people, key=lambda person: _chance(person.name, image_id, "answers"))
    return ranked[copy_number % len(ranked)]


def seconds_spent(person: Person, image_id: str) -> float:
    """Seconds that this person reports for this image (without actually waiting)."""
    return round(1.5 + 6 * _chance(person.name, image_id, "looks") ** 2, 2)


def _chance(*names: str) -> float:
    """A uniform number in [0, 1) derived from the names alone."""
    return int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:8], "big") / 2**64
