"""Labeling of boxes: form, parsing of annotations, consensus to the boxes of an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.geometry.boxes import ious
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.kinds.boxes.agreement import MEASURE, agreement
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.consensus import agree
from pipeline_tasks.kinds.boxes.label_studio import CONTROL, read_boxes, write_boxes
from pipeline_tasks.kinds.boxes.matching import Floats, sides_of
from pipeline_tasks.kinds.form_labels import labels
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes
from pipeline_tasks.kinds.refused import Refused

NAME = "box"
"""Name of the label kind."""


@dataclass(frozen=True)
class BoxLabeling:
    """Form, parsing, consensus and agreement of the kind `box`."""

    class_names: tuple[str, ...]
    former: frozenset[str] = frozenset()
    """Names of earlier nights whose renaming or removal is stated."""
    question = "Where are the objects?"
    hint = (
        "Choose a class, then draw a box around each object of it; inside another box hold Ctrl. "
        "Nothing there? Submit without a box. Cannot tell? Skip."
    )

    @property
    def control_xml(self) -> str:
        """Rectangles with a class; a key selects each of the first classes. They can be rotated: the corners are kept as drawn."""
        form = f'<RectangleLabels name="{CONTROL}" toName="picture" strokeWidth="2" opacity="0.2">'
        return f"{form}{labels(self.class_names)}</RectangleLabels>"

    @property
    def asked(self) -> list[str]:
        """The classes in order."""
        return list(self.class_names)

    def read(self, result: Sequence[JsonObject]) -> tuple[Box | Refused, ...]:
        """The boxes in order; what is no box inside the image is refused."""
        return read_boxes(result)

    def write(self, objects: Sequence[Box], size_px: tuple[int, int]) -> list[JsonObject]:
        """The boxes as Label Studio's `result`, in an image of this size."""
        return write_boxes(objects, size_px)

    def can_vote(self, objects: Sequence[Box]) -> bool:
        """Return False for an annotation with a class that is no longer among the classes, as it answered another question."""
        return {one.class_name for one in objects} <= set(self.class_names)

    def unknown(self, objects: Sequence[Box]) -> tuple[str, ...]:
        """Classes that are not among the project's and were never, sorted."""
        return tuple(sorted({one.class_name for one in objects} - {*self.class_names, *self.former}))

    def agree(self, annotations: Sequence[Sequence[Box]]) -> Agreed[Box]:
        """Boxes matched by place, classes by vote, edges fused."""
        return agree(annotations)

    @property
    def agreement_measure(self) -> AgreementMeasure:
        """F1 of boxes."""
        return MEASURE

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[Box]]]) -> Agreement:
        """Mean F1 of the boxes of two people."""
        return agreement(annotations)

    def object_changes(self, before: Sequence[Box], after: Sequence[Box]) -> ObjectChanges:
        """Boxes that came, went, moved or got another class."""
        return object_changes(before, after, lambda one: one.class_name, _overlaps)

    def counts(self, objects: Iterable[Box]) -> dict[str, int]:
        """Boxes by class."""
        return dict(sorted(Counter(one.class_name for one in objects).items()))

    def says(self, objects: Sequence[Box]) -> str:
        """The number of boxes of each class."""
        return ", ".join(f"{count} {name}" for name, count in self.counts(objects).items()) or "nothing there"

    def as_json(self, objects: Sequence[Box]) -> dict[str, list[str]]:
        """Each box with its place."""
        return {"boxes": [_says(one) for one in objects]}

    def as_columns(self, one: Box) -> ObjectColumns:
        """An object in `annotation_objects` and `label_objects`."""
        return ObjectColumns(
            NAME,
            class_name=one.class_name,
            x_min_px=one.x_min_px,
            y_min_px=one.y_min_px,
            width_px=one.width_px,
            height_px=one.height_px,
            points_px=list(one.corners_px) or None,
        )

    def from_columns(self, columns: ObjectColumns) -> Box:
        """Read an object from these tables."""
        return Box(
            class_name=str(columns.class_name),
            x_min_px=float(columns.x_min_px or 0.0),
            y_min_px=float(columns.y_min_px or 0.0),
            width_px=float(columns.width_px or 0.0),
            height_px=float(columns.height_px or 0.0),
            corners_px=tuple(float(px) for px in columns.points_px or ()),
        )


def _overlaps(one: Sequence[Box], other: Sequence[Box]) -> Floats:
    return ious(sides_of(one), sides_of(other))


def _says(one: Box) -> str:
    turned = ", rotated" if one.corners_px else ""
    return f"{one.class_name} {one.width_px:.0f} x {one.height_px:.0f} px at {one.x_min_px:.0f}, {one.y_min_px:.0f}{turned}"
