"""Texts in Label Studio's results, read and written.

The text of the whole image is one text area. A text of a box is a rectangle and a text area of the same region, which share an id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.label_studio import TYPE as LABELLED_RECTANGLE
from pipeline_tasks.kinds.boxes.label_studio import read_boxes, write_boxes
from pipeline_tasks.kinds.refused import Refused
from pipeline_tasks.kinds.texts.text_object import Text

TEXT, BOX = "text", "box"
"""Names of the controls."""
TEXT_AREA, RECTANGLE = "textarea", "rectangle"
_SHOWN = 60

Size = tuple[int, int]


def read_image_text(result: Sequence[JsonObject], pattern: str | None) -> tuple[Text | Refused, ...]:
    """The text of the whole image; nothing for an empty result or an empty text.

    Answers to questions that people added are skipped, unless the text area is not there: such an annotation is of another form.
    """
    areas = _areas(result)
    if not areas:
        return _another_form(result)
    text = plain("\n".join(line for one in areas for line in _lines(one)))
    return (_checked(Text(text), "the text", pattern),) if text else ()


def read_box_texts(result: Sequence[JsonObject], pattern: str | None) -> tuple[Text | Refused, ...]:
    """The texts of boxes, in the order of the boxes; a box without a text, and a text without a box, is refused."""
    rectangles = [one for one in result if one.get("type") == RECTANGLE]
    texts = {str(one.get("id")): plain("\n".join(_lines(one))) for one in _areas(result)}
    if not rectangles and not texts:
        return _another_form(result)
    boxes = read_boxes([_with_class(one) for one in rectangles])
    found = [
        _text_of(number, box, texts.get(str(one.get("id")), ""), pattern)
        for number, (one, box) in enumerate(zip(rectangles, boxes, strict=True), start=1)
    ]
    alone = texts.keys() - {str(one.get("id")) for one in rectangles}
    return (*found, *(Refused(None, f"the text {shown(texts[one])} has no box") for one in sorted(alone)))


def write_texts(texts: Sequence[Text], size_px: Size) -> list[JsonObject]:
    """The texts as Label Studio's `result`, for pre-annotations."""
    return [region for number, one in enumerate(texts, start=1) for region in _written(number, one, size_px)]


def plain(text: str) -> str:
    """A text as it is compared and kept: composed characters (Unicode's form C), no space around it, lines that end alike."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def shown(text: str) -> str:
    """A text in a sentence."""
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")


def _areas(result: Sequence[JsonObject]) -> list[JsonObject]:
    """Our text areas, or those of a renamed control."""
    areas = [one for one in result if one.get("type") == TEXT_AREA]
    return [one for one in areas if one.get("from_name", TEXT) == TEXT] or areas


def _lines(area: JsonObject) -> list[str]:
    value = area.get("value")
    found = value.get("text") if isinstance(value, Mapping) else None
    return [str(line) for line in found] if isinstance(found, list) else [found] if isinstance(found, str) else []


def _another_form(result: Sequence[JsonObject]) -> tuple[Refused, ...]:
    """An annotation that only answers another form: it does not say that nothing is written there."""
    kinds = ", ".join(sorted({str(one.get("type")) for one in result}))
    return (Refused(None, f"an answer to another form ({kinds})"),) if result else ()


def _with_class(one: JsonObject) -> JsonObject:
    """A rectangle as boxes with a class are read."""
    value = one.get("value")
    return one | {
        "type": LABELLED_RECTANGLE,
        "value": {**value, LABELLED_RECTANGLE: [TEXT]} if isinstance(value, Mapping) else value,
    }


def _text_of(number: int, box: Box | Refused, text: str, pattern: str | None) -> Text | Refused:
    if isinstance(box, Refused):
        return Refused(None, box.problem)
    if not text:
        return Refused(None, f"box {number} has no text")
    placed = Text(text, box.x_min_px, box.y_min_px, box.width_px, box.height_px, box.corners_px)
    return _checked(placed, f"the text of box {number}", pattern)


def _checked(one: Text, where: str, pattern: str | None) -> Text | Refused:
    if pattern is None or re.fullmatch(pattern, one.text):
        return one
    return Refused(None, f"{where}, {shown(one.text)}, does not match labels.pattern, {pattern!r}")


def _written(number: int, one: Text, size_px: Size) -> list[JsonObject]:
    area: JsonObject = {"id": f"text-{number}", "from_name": TEXT, "to_name": "picture", "type": TEXT_AREA}
    scored: JsonObject = {} if one.confidence is None else {"score": one.confidence}
    if one.x_min_px is None:
        return [area | {"value": {"text": [one.text]}} | scored]
    box = Box(TEXT, one.x_min_px, one.y_min_px or 0.0, one.width_px or 0.0, one.height_px or 0.0, one.corners_px)
    (drawn,) = write_boxes([box], size_px)
    place = {name: px for name, px in drawn["value"].items() if name != LABELLED_RECTANGLE}
    rectangle = drawn | {"id": area["id"], "from_name": BOX, "type": RECTANGLE, "value": place}
    sides = {name: drawn[name] for name in ("original_width", "original_height", "image_rotation")}
    return [rectangle, area | sides | {"value": place | {"text": [one.text]}} | scored]
