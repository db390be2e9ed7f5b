"""Answers of simulated annotators, in the form in which Label Studio's page submits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from demo.hands import SLOPPY, DrawnBox, DrawnMask, Hand, Size, draw_boxes, draw_masks
from demo.people import PEOPLE, Person, annotate
from demo.truth import ImageTruth
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.kinds.masks import brush

Result = list[dict[str, Any]]
Answer = Callable[[Person, str, ImageTruth, Sequence[str]], Result]
"""Takes the person, the image's id, what it shows, and the classes."""


def choose_class(person: Person, image_id: str, shown: ImageTruth, classes: Sequence[str]) -> Result:
    """The class that a person chooses."""
    chosen = annotate(person, image_id, shown.class_name, classes)
    return [{"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": [chosen]}}]


def boxes(person: Person, image_id: str, shown: ImageTruth, classes: Sequence[str]) -> Result:
    """The boxes that a person draws."""
    size_px = _size_of(shown)
    return [_box(one, size_px) for one in draw_boxes(Hand(person, image_id, classes, size_px), shown.objects)]


def masks(person: Person, image_id: str, shown: ImageTruth, classes: Sequence[str]) -> Result:
    """The polygons that a person draws, and the regions that they paint."""
    size_px = _size_of(shown)
    return [_mask(one, size_px) for one in draw_masks(Hand(person, image_id, classes, size_px), shown.objects)]


ANSWERS: dict[str, Answer] = {"class": choose_class, "box": boxes, "mask": masks}
"""Label kind → answers of a person."""


def how_they_err(label_kind: str) -> str:
    """The people with the errors that they make, in words."""
    names = ", ".join(person.name for person in PEOPLE)
    if label_kind == "class":
        return ", ".join(f"{person.name} errs on about {person.error_ratio:.0%}" for person in PEOPLE)
    return (
        f"{names}; they draw edges {SLOPPY.jitter:.0%} of the side off, miss {SLOPPY.missed:.0%}, swap {SLOPPY.swapped:.0%}, "
        f"double {SLOPPY.doubled:.0%} and invent {SLOPPY.extra:.0%}"
    )


def _size_of(shown: ImageTruth) -> Size:
    assert shown.size_px is not None, "an image of a project that asks for places has a size"
    return shown.size_px


def _box(one: DrawnBox, size_px: Size) -> dict[str, Any]:
    wide, high = size_px
    place = {
        "x": 100 * one.left / wide,
        "y": 100 * one.top / high,
        "width": 100 * one.width / wide,
        "height": 100 * one.height / high,
    }
    return _region("box", "rectanglelabels", one.class_name, size_px, place | {"rotation": 0})


def _mask(one: DrawnMask, size_px: Size) -> dict[str, Any]:
    if not one.points:
        packed = {"format": "rle", "rle": brush.encode(decode(one.rle, size_px))}
        return _region("brush", "brushlabels", one.class_name, size_px, packed)
    pairs = zip(one.points[::2], one.points[1::2], strict=True)
    points = [[100 * x / size_px[0], 100 * y / size_px[1]] for x, y in pairs]
    return _region("polygon", "polygonlabels", one.class_name, size_px, {"points": points, "closed": True})


def _region(control: str, form: str, class_name: str, size_px: Size, value: dict[str, Any]) -> dict[str, Any]:
    about = {"from_name": control, "to_name": "picture", "type": form, "image_rotation": 0}
    about |= {"original_width": size_px[0], "original_height": size_px[1]}
    return about | {"value": value | {form: [class_name]}}
