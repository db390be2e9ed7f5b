"""A round as a labeling service is asked about it, its responses, and the functions that each service has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Point = tuple[float, float]
Size = tuple[int, int]
"""Width and height in pixels."""
NOTHING, CANNOT_TELL = "(nothing of this)", "(cannot tell)"
"""Choices beside the project's names, where a service makes its people choose."""


@dataclass(frozen=True)
class AskedImage:
    """One image of a round; nothing in it says why it is asked about."""

    task_keys: tuple[str, ...]
    """Key of each person's labeling task; the first names the image for the service."""
    address: str
    """The address at which the service's people see the image."""

    @property
    def key(self) -> str:
        """The name of the image for the service."""
        return self.task_keys[0]


@dataclass(frozen=True)
class Asked:
    """A round, or what is open of it."""

    round_id: str
    label_kind: str
    question: str
    guideline: str
    """Text that people read before they begin; empty if there is none."""
    names: tuple[str, ...]
    """Names to choose from, in order."""
    images: Sequence[AskedImage]

    def by_people(self) -> dict[int, list[AskedImage]]:
        """Number of people who are asked about an image → these images, in the round's order."""
        found: dict[int, list[AskedImage]] = {}
        for image in self.images:
            found.setdefault(len(image.task_keys), []).append(image)
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class Drawn:
    """One thing in a response: a name alone, a box, or a polygon."""

    name: str
    box_px: tuple[float, float, float, float] | None = None
    """Left, top, width and height."""
    points_px: tuple[Point, ...] = ()


@dataclass(frozen=True)
class ServiceResponse:
    """One person's response about one image."""

    where: str
    """File and line, or number of the task in it."""
    task_key: str
    response_id: str
    """The service's name of the response, by which an edited one is the same."""
    person: str
    """The service's name of the person; it is never stored."""
    made_at: datetime
    changed_at: datetime
    drawn: tuple[Drawn, ...] = ()
    lead_time_s: float | None = None
    size_px: Size | None = None
    """Size of the image on which it was drawn, if the service says it."""
    is_skipped: bool = False
    is_rejected: bool = False
    """The work was rejected: it counts for nothing."""


@dataclass
class Results:
    """Responses of one file, and each row of it that cannot be read."""

    responses: list[ServiceResponse] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Sentences that name file, line and field."""


@dataclass(frozen=True)
class Service:
    """A labeling service: the functions of its module."""

    kinds: Mapping[str, str]
    """Label kind → the service's own word for it; a round of another kind is refused."""
    files: Callable[[Asked], dict[str, bytes]]
    """Name → content of each file that a person gives to the service, beside the images."""
    read: Callable[[str, str, str], Results]
    """Name of a file, its content and the label kind → its responses; a row that cannot be read becomes a problem."""
