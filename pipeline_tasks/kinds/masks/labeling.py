"""Labeling of masks: form, parsing of annotations, consensus to the masks of an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.geometry.run_lengths import Floats, iou
from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.kinds.form_labels import DIGITS, LETTERS, labels, line, title
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.masks.agreement import MEASURE, agreement
from pipeline_tasks.kinds.masks.label_studio import BRUSH, POLYGON, read_masks, write_masks
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.regions import are_of_one_size
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes
from pipeline_tasks.kinds.refused import Refused

NAME = "mask"
"""Name of the label kind."""


@dataclass(frozen=True)
class MaskLabeling:
    """Form, parsing, consensus and agreement of the kind `mask`."""

    class_names: tuple[str, ...]
    former: frozenset[str] = frozenset()
    """Names of earlier nights whose renaming or removal is stated."""
    is_instance: bool = False
    """True if each object is a mask of its own; otherwise masks of one class are one region."""

    @property
    def question(self) -> str:
        """Question of a project that states none."""
        return "Which pixels are of which object?" if self.is_instance else "Which pixels are of which class?"

    @property
    def hint(self) -> str:
        """Line below the form."""
        each = "Draw each object on its own. " if self.is_instance else ""
        return (
            f"{each}Polygon: click its corners, then the first one again; over another one hold Ctrl. "
            "Brush: paint, then press Esc before the next mask; [ and ] set its size, E erases. "
            "Nothing there? Submit without a mask. Cannot tell? Skip."
        )

    @property
    def control_xml(self) -> str:
        """Polygons and a brush, each with all classes; a key selects each of the first classes."""
        polygon = f'<PolygonLabels name="{POLYGON}" toName="picture" strokeWidth="2" opacity="0.3">'
        polygon = f"{polygon}{labels(self.class_names, DIGITS)}</PolygonLabels>"
        brush = f'<BrushLabels name="{BRUSH}" toName="picture">{labels(self.class_names, LETTERS)}</BrushLabels>'
        return line(title("Polygon"), polygon) + line(title("Brush"), brush)

    @property
    def asked(self) -> dict[str, Json]:
        """The classes in order, and whether objects are asked for one by one."""
        return {"classes": list(self.class_names), "is_instance": self.is_instance}

    def read(self, result: Sequence[JsonObject]) -> tuple[Mask | Refused, ...]:
        """The masks in order; a mask that is damaged, empty, or not inside the image is refused."""
        return read_masks(result)

    def write(self, objects: Sequence[Mask], size_px: tuple[int, int]) -> list[JsonObject]:
        """The masks as Label Studio's `result`, in an image of this size."""
        return write_masks(objects, size_px)

    def can_vote(self, objects: Sequence[Mask]) -> bool:
        """Return False for an annotation with a class that is no longer among the classes, as it answered another question."""
        return {one.class_name for one in objects} <= set(self.class_names)

    def unknown(self, objects: Sequence[Mask]) -> tuple[str, ...]:
        """Classes that are not among the project's and were never, sorted."""
        return tuple(sorted({one.class_name for one in objects} - {*self.class_names, *self.former}))

    def agree(self, annotations: Sequence[Sequence[Mask]]) -> Agreed[Mask]:
        """Votes of pixels: of the classes, or of matched objects."""
        # Imported here: it needs OpenCV, which the prediction server, which writes suggestions, does not have.
        from pipeline_tasks.kinds.masks.consensus import agree

        return agree(annotations, is_instance=self.is_instance)

    @property
    def agreement_measure(self) -> AgreementMeasure:
        """IoU."""
        return MEASURE

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[Mask]]]) -> Agreement:
        """Mean IoU of the masks of two people."""
        return agreement(annotations, is_instance=self.is_instance)

    def object_changes(self, before: Sequence[Mask], after: Sequence[Mask]) -> ObjectChanges:
        """Masks that came, went, got other pixels at about the same place, or got another class."""
        return object_changes(before, after, lambda one: one.class_name, _overlaps if are_of_one_size([before, after]) else None)

    def counts(self, objects: Iterable[Mask]) -> dict[str, int]:
        """Masks by class."""
        return dict(sorted(Counter(one.class_name for one in objects).items()))

    def says(self, objects: Sequence[Mask]) -> str:
        """The number of masks of each class, or its share of the image."""
        if self.is_instance:
            return ", ".join(f"{count} {name}" for name, count in self.counts(objects).items()) or "nothing there"
        shares = dict.fromkeys(self.counts(objects), 0.0)
        for one in objects:
            shares[one.class_name] += one.area_px / (one.size_px[0] * one.size_px[1])
        return ", ".join(f"{name} {100 * share:.3g} %" for name, share in shares.items()) or "nothing there"

    def as_json(self, objects: Sequence[Mask]) -> dict[str, list[str]]:
        """Each mask with its place."""
        return {"masks": [_says(one) for one in objects]}

    def as_columns(self, one: Mask) -> ObjectColumns:
        """An object in `annotation_objects` and `label_objects`; its size is that of the image."""
        width, height = one.size_px
        return ObjectColumns(
            NAME,
            class_name=one.class_name,
            x_min_px=0.0,
            y_min_px=0.0,
            width_px=float(width),
            height_px=float(height),
            points_px=list(one.polygon_px) or None,
            mask_rle=one.rle,
        )

    def from_columns(self, columns: ObjectColumns) -> Mask:
        """Read an object from these tables."""
        size_px = int(columns.width_px or 0), int(columns.height_px or 0)
        polygon = tuple(float(px) for px in columns.points_px or ())
        return Mask(str(columns.class_name), columns.mask_rle or "", size_px, polygon)


def _overlaps(before: Sequence[Mask], after: Sequence[Mask]) -> Floats:
    return iou([one.rle for one in before], [one.rle for one in after])


def _says(one: Mask) -> str:
    x, y, width, height = one.box_px
    drawn = ", polygon" if one.polygon_px else ""
    return f"{one.class_name} {one.area_px} px in {width} x {height} px at {x}, {y}{drawn}"
