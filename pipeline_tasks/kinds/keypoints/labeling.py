"""Labeling of keypoints: form, parsing of annotations, consensus to the skeletons of an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure, over_pairs
from pipeline_tasks.kinds.form_labels import DIGITS, KEYS, LETTERS, labels, line, title
from pipeline_tasks.kinds.keypoints.consensus import agree, annotations_alike
from pipeline_tasks.kinds.keypoints.label_studio import (
    BOX,
    HIDDEN,
    POINT,
    VISIBILITY,
    label_of,
    read_skeletons,
    write_skeletons,
)
from pipeline_tasks.kinds.keypoints.likeness import Floats, Sigmas, oks
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton, in_order, points_as_columns, points_of_columns
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes
from pipeline_tasks.kinds.refused import Refused

NAME = "keypoints"
"""Name of the label kind."""
HIDDEN_KEY = "n"
"""Key that says of the selected point that it is not visible."""
MEASURE = AgreementMeasure("mean OKS", disagree_below=0.75)
"""The limit is the stricter one that COCO matches by; no two people set a point to the same pixel."""


@dataclass(frozen=True)
class KeypointLabeling:
    """Form, parsing, consensus and agreement of the kind `keypoints`."""

    names: Mapping[str, Sequence[str]]
    """Class → its points, in order."""
    sigmas: Sigmas
    has_boxes: bool = False
    former: frozenset[str] = frozenset()
    """Classes of earlier nights whose renaming or removal is stated."""

    @property
    def control_xml(self) -> str:
        """A label with a key for each point, a choice for hidden ones, and labels of boxes if there may be several things."""
        names = [label_of(class_name, point) for class_name, points in self.names.items() for point in points]
        form = f'<KeyPointLabels name="{POINT}" toName="picture" strokeWidth="5">'
        form = f"{form}{labels(names, DIGITS if self.has_boxes else KEYS)}</KeyPointLabels>"
        hidden = f'<Choices name="{VISIBILITY}" toName="picture" perRegion="true" whenTagName="{POINT}" choice="single">'
        hidden += f'<Choice value="{HIDDEN}" hotkey="{HIDDEN_KEY}"/></Choices>'
        if not self.has_boxes:
            return line(form, hidden)
        boxes = f'<RectangleLabels name="{BOX}" toName="picture" strokeWidth="2" opacity="0.1">'
        around = f"{boxes}{labels(list(self.names), LETTERS)}</RectangleLabels>"
        return line(title("Points"), form, hidden) + line(title("Box"), around)

    @property
    def question(self) -> str:
        """Question of a project that states none."""
        return "Where are the points of each object?" if self.has_boxes else "Where are the points?"

    @property
    def hint(self) -> str:
        """Line on hidden points, on submitting an annotation without a point, and on skipping."""
        first = "Set the points of an object, then draw a box around them; inside a box hold Ctrl. " if self.has_boxes else ""
        return (
            f"{first}Point hidden by something? Set it, click it, press {HIDDEN_KEY.upper()}, then Esc. "
            "Not in the image? Leave it out. Nothing there? Submit without a point. Cannot tell? Skip."
        )

    @property
    def asked(self) -> list[object]:
        """The skeletons in order, and if there may be several things."""
        return [{name: list(points) for name, points in self.names.items()}, self.has_boxes]

    def read(self, result: Sequence[JsonObject]) -> tuple[Skeleton | Refused, ...]:
        """The things of an annotation; what cannot be used is refused."""
        return read_skeletons(result, self.names, has_boxes=self.has_boxes)

    def write(self, objects: Sequence[Skeleton], size_px: tuple[int, int]) -> list[JsonObject]:
        """The things as Label Studio's `result`, in an image of this size."""
        return write_skeletons(objects, size_px)

    def can_vote(self, objects: Sequence[Skeleton]) -> bool:
        """Return False for an annotation with a class that is not among the classes, as it said something else."""
        return {one.class_name for one in objects} <= set(self.names)

    def unknown(self, objects: Sequence[Skeleton]) -> tuple[str, ...]:
        """Classes that are not among the project's and were never, sorted."""
        return tuple(sorted({one.class_name for one in objects} - {*self.names, *self.former}))

    def agree(self, annotations: Sequence[Sequence[Skeleton]]) -> Agreed[Skeleton]:
        """Of each thing the points and the box in the middle of people's."""
        return agree(annotations, self.sigmas, is_one=not self.has_boxes)

    @property
    def agreement_measure(self) -> AgreementMeasure:
        """OKS."""
        return MEASURE

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[Skeleton]]]) -> Agreement:
        """Mean likeness (OKS) over pairs of people."""

        def likeness(one: Sequence[Skeleton], other: Sequence[Skeleton]) -> float:
            """Mean OKS of two people's things."""
            return annotations_alike(one, other, self.sigmas)

        says = "that of matching things; a thing without a partner and a point that only one person placed count as 0"
        return over_pairs(annotations, likeness).saying(lambda: says)

    def object_changes(self, before: Sequence[Skeleton], after: Sequence[Skeleton]) -> ObjectChanges:
        """Things that came, went or moved."""
        return object_changes(before, after, lambda one: one.class_name, self._likeness)

    def counts(self, objects: Iterable[Skeleton]) -> dict[str, int]:
        """Things by class."""
        return dict(sorted(Counter(one.class_name for one in objects).items()))

    def says(self, objects: Sequence[Skeleton]) -> str:
        """The number of things of each class."""
        return ", ".join(f"{count} {name}" for name, count in self.counts(objects).items()) or "nothing there"

    def as_json(self, objects: Sequence[Skeleton]) -> dict[str, list[str]]:
        """Each thing with its points."""
        return {"things": [f"{one.class_name}: {', '.join(map(_says, one.points))}" for one in objects]}

    def as_columns(self, one: Skeleton) -> ObjectColumns:
        """An object in `annotation_objects` and `label_objects`."""
        numbers, names = points_as_columns(one.points)
        sides = (one.x_min_px, one.y_min_px, one.width_px, one.height_px)
        return ObjectColumns(NAME, one.class_name, *sides, points_px=numbers, text=names)

    def from_columns(self, columns: ObjectColumns) -> Skeleton:
        """Read an object from these tables; points that its class no longer has are left out."""
        points = {one.name: one for one in points_of_columns(columns.points_px, columns.text)}
        name = str(columns.class_name)
        placed = in_order(points, self.names.get(name, tuple(points)))
        return Skeleton(name, placed, columns.x_min_px, columns.y_min_px, columns.width_px, columns.height_px)

    def _likeness(self, one: Sequence[Skeleton], other: Sequence[Skeleton]) -> Floats:
        return oks(one, other, self.sigmas)


def _says(point: Point) -> str:
    return f"{point.name} {point.x_px:.0f}, {point.y_px:.0f}{'' if point.is_visible else ' hidden'}"
