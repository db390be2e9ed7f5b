"""Contents of a folder of labelled images, whatever its format, and the count of what was left out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.masks.mask import Mask

Labelled = Box | ClassObject | Mask | Skeleton
"""An object of a label."""
Size = tuple[int, int]
"""Width and height in pixels."""

NO_SIZE = "object without a width or a height"
NO_PIXEL = "mask without a pixel"
OUTSIDE = "object outside its image"
NO_BOX = "object without a box"
NO_MASK = "object without a mask"
CROWD = "crowd, which is no single thing"
DAMAGED = "object with numbers that cannot be read"
TWICE = "object that is there twice"
NO_FILE = "image that is listed, but not in the folder"
NOT_LISTED = "image without an annotation"
UNREADABLE_IMAGE = "image that cannot be opened"
LINK = "link out of the folder, to a folder or to nothing, which is not followed"
UNREADABLE_FILE = "annotation file that cannot be read"
OTHER_SIZE = "image of another size than its annotation says"

CUT = "object cut at the border of its image"
TURNED = "image whose objects were turned with it, as the annotation is of the stored pixels"
MANY_POINTS = "polygon of more than 5000 points, kept as pixels"
CROSSES = "polygon that crosses itself, kept as pixels"


MOST_PLACES = 1000
"""Places of each reason that are kept; more are counted only."""


@dataclass(frozen=True)
class Counted:
    """Number of times that something was left out or changed, with the first place."""

    reason: str
    count: int
    example: str
    places: tuple[str, ...] = field(default=(), compare=False)
    """The first places, with the example."""


@dataclass
class Tally:
    """Counts of reasons while a folder is read."""

    _counts: dict[str, int] = field(default_factory=dict)
    _places: dict[str, list[str]] = field(default_factory=dict)

    def count(self, reason: str, where: str, times: int = 1) -> None:
        """Count a reason once more."""
        self._counts[reason] = self._counts.get(reason, 0) + times
        places = self._places.setdefault(reason, [])
        if len(places) < MOST_PLACES:
            places.append(where)

    def all(self) -> tuple[Counted, ...]:
        """All counts, in the order in which the reasons were met first."""
        return tuple(
            Counted(reason, count, self._places[reason][0], tuple(self._places[reason])) for reason, count in self._counts.items()
        )


@dataclass(frozen=True)
class LabelledImage:
    """One image with its objects; none if the format says that nothing is there."""

    path: Path
    size_px: Size
    """Of the upright image."""
    objects: tuple[Labelled, ...]
    said_in: Path | None = None
    """The annotation file that says the objects; None if the format needs none for this image."""
    further: tuple[tuple[Labelled, ...], ...] = ()
    """Whole answers of further people; `objects` are those of the first."""
    people: tuple[str, ...] = ()
    """Those who gave the answers, by the set's own numbers."""

    @property
    def votes(self) -> tuple[tuple[Labelled, ...], ...]:
        """The objects that each person says."""
        return (self.objects, *self.further)


@dataclass(frozen=True)
class LabelledFolder:
    """All labelled images of a folder, in one label kind."""

    format_name: str
    label_kind: str
    class_names: tuple[str, ...]
    """All classes that the folder names, those without an object, too."""
    images: tuple[LabelledImage, ...]
    left_out: tuple[Counted, ...]
    changed: tuple[Counted, ...] = ()
    """Objects and images that were taken, but not as they are written."""
    notes: tuple[str, ...] = ()
    """Decisions on the format's open questions."""
    options: Mapping[str, Json] = field(default_factory=dict)
    """Section `labels` of a project file for these labels."""

    @property
    def objects(self) -> int:
        """Number of objects."""
        return sum(len(one.objects) for one in self.images)

    def lines(self) -> Iterator[str]:
        """The contents in sentences, for people."""
        counts = dict.fromkeys(self.class_names, 0)
        for image in self.images:
            for one in image.objects:
                counts[one.class_name] += 1
        empty = sum(not one.objects for one in self.images)
        named = ", ".join(f"{count} {name}" for name, count in counts.items())
        yield f"{self.format_name}: {len(self.images)} images with {self.objects} objects ({named}); nothing is there in {empty}"
        yield from self.notes
        yield from (f"left out: {one.count} × {one.reason}; the first: {one.example}" for one in self.left_out)
        yield from (f"changed: {one.count} × {one.reason}; the first: {one.example}" for one in self.changed)
