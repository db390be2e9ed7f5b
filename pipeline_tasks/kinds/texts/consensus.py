"""One label from several people's texts of an image: the text that is most like the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline_tasks.geometry.boxes import as_rows, ious
from pipeline_tasks.kinds.joining import joined, paired
from pipeline_tasks.kinds.labeling import Agreed
from pipeline_tasks.kinds.texts.character_error import likeness
from pipeline_tasks.kinds.texts.text_object import Text

ENOUGH = 0.5
"""Mean likeness of the people's texts and the label, which it must exceed."""
Folded = Callable[[str], str]
"""A text as it is compared."""


def agree(annotations: Sequence[Sequence[Text]], folded: Folded) -> Agreed[Text]:
    """Label from texts of the whole image, or of boxes, which are matched by place.

    A text is kept if more than half of the people marked it. Of what they typed, that is taken which is most like what all of them
    typed; with equal claims of different texts, or without a text by exactly half of the people, the label is `unsure`.
    """
    people = len(annotations)
    if not people:
        return Agreed("unsure", 0, 0.0)
    things = joined(annotations, overlaps, order_of)
    kept = [thing for thing in things if 2 * len(thing) > people]
    chosen = [_most_alike(list(thing.values()), folded) for thing in kept]
    label = tuple(one for one in chosen if one is not None)
    ratio = math.fsum(annotations_alike(objects, label, folded) for objects in annotations) / people
    is_tie = len(label) < len(chosen) or any(2 * len(thing) == people for thing in things)
    if is_tie or (people > 1 and ratio <= ENOUGH):
        return Agreed("unsure", people, ratio)
    return Agreed("labelled" if label else "empty", people, ratio, label)


def annotations_alike(one: Sequence[Text], other: Sequence[Text], folded: Folded) -> float:
    """Likeness of two answers: that of their paired texts, each text that has no partner counting as 0; 1 for two without texts."""
    if not one and not other:
        return 1.0
    pairs = paired(one, other, overlaps, order_of)
    alike = math.fsum(likeness(folded(mine.text), folded(theirs.text)) for mine, theirs in pairs)
    return alike / (len(one) + len(other) - len(pairs))


def overlaps(one: Sequence[Text], other: Sequence[Text]) -> npt.NDArray[np.float64]:
    """IoU of boxes; texts of the whole image are at one place."""
    has_boxes = [text.has_box for text in one], [text.has_box for text in other]
    same = ~np.logical_or.outer(*map(np.array, has_boxes))
    found: npt.NDArray[np.float64] = np.where(same, 1.0, ious(_sides(one), _sides(other)))
    return found


def order_of(one: Text) -> tuple[object, ...]:
    """Sort key of a text by all that it is, from the top of the image."""
    return (*(side or 0.0 for side in (one.y_min_px, one.x_min_px, one.height_px, one.width_px)), one.corners_px, one.text)


def _sides(texts: Sequence[Text]) -> npt.NDArray[np.float64]:
    return as_rows([(one.x_min_px or 0, one.y_min_px or 0, one.width_px or 0, one.height_px or 0) for one in texts])


def _most_alike(texts: Sequence[Text], folded: Folded) -> Text | None:
    """The text with the highest mean likeness to all; None if another one has it, too."""
    claims = [math.fsum(sorted(likeness(folded(one.text), folded(other.text)) for other in texts)) for one in texts]
    best = [one for one, claim in zip(texts, claims, strict=True) if claim >= max(claims) - 1e-9]
    return None if len({folded(one.text) for one in best}) > 1 else min(best, key=order_of)
