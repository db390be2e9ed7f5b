"""Labeling of texts: form, parsing of annotations, consensus to the text of an image or of its boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure, over_pairs
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes
from pipeline_tasks.kinds.refused import Refused
from pipeline_tasks.kinds.texts.consensus import agree, annotations_alike, overlaps
from pipeline_tasks.kinds.texts.label_studio import BOX, TEXT, read_box_texts, read_image_text, shown, write_texts
from pipeline_tasks.kinds.texts.text_object import Text

NAME = "text"
"""Name of the label kind."""
MEASURE = AgreementMeasure("mean character accuracy")


@dataclass(frozen=True)
class TextLabeling:
    """Form, parsing, consensus and agreement of the kind `text`."""

    of_boxes: bool = False
    pattern: str | None = None
    ignores_case: bool = False

    @property
    def control_xml(self) -> str:
        """A text area, for the image or for each rectangle that people draw."""
        if self.of_boxes:
            area = f'<TextArea name="{TEXT}" toName="picture" perRegion="true" editable="true" maxSubmissions="1" rows="1" '
            return f'<Rectangle name="{BOX}" toName="picture"/>{area}displayMode="region-list"/>'
        return f'<TextArea name="{TEXT}" toName="picture" editable="true" maxSubmissions="1" rows="2"/>'

    @property
    def question(self) -> str:
        """Question of a project that states none."""
        return "Where is text, and what is written there?" if self.of_boxes else "What is written in the image?"

    @property
    def hint(self) -> str:
        """Line on submitting an annotation without a text, and on skipping."""
        if self.of_boxes:
            return (
                "Draw a box around each text, then type it into its field in the list at the right; inside another box hold Ctrl. "
                "Nothing written? Submit without a box. Cannot read it? Skip."
            )
        return "Type what is written, then press Add. Nothing written? Submit without a text. Cannot read it? Skip."

    @property
    def asked(self) -> list[str]:
        """The place of the texts; a new pattern asks the same."""
        return ["boxes" if self.of_boxes else "image"]

    def read(self, result: Sequence[JsonObject]) -> tuple[Text | Refused, ...]:
        """The texts; what is no text at its place is refused."""
        return (read_box_texts if self.of_boxes else read_image_text)(result, self.pattern)

    def write(self, objects: Sequence[Text], size_px: tuple[int, int]) -> list[JsonObject]:
        """The texts as Label Studio's `result`, in an image of this size."""
        return write_texts(objects, size_px)

    def can_vote(self, objects: Sequence[Text]) -> bool:
        """Return False for texts of boxes where those of the image are asked for, and the other way round."""
        return all(one.has_box == self.of_boxes for one in objects)

    def unknown(self, objects: Sequence[Text]) -> tuple[str, ...]:
        """None: there are no names."""
        return ()

    def agree(self, annotations: Sequence[Sequence[Text]]) -> Agreed[Text]:
        """The text that is most like what all people typed."""
        return agree(annotations, self.folded)

    @property
    def agreement_measure(self) -> AgreementMeasure:
        """1 minus the character error."""
        return MEASURE

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[Text]]]) -> Agreement:
        """Mean of 1 minus the character error, over pairs of people."""
        alike: list[float] = []

        def likeness(one: Sequence[Text], other: Sequence[Text]) -> float:
            """Mean character accuracy of two people's texts."""
            alike.append(annotations_alike(one, other, self.folded))
            return alike[-1]

        return over_pairs(annotations, likeness).saying(lambda: _says(alike))

    def object_changes(self, before: Sequence[Text], after: Sequence[Text]) -> ObjectChanges:
        """Texts that came, went, moved, or say something else at the same place."""
        return object_changes(before, after, lambda one: one.text, overlaps)

    def counts(self, objects: Iterable[Text]) -> dict[str, int]:
        """Number of texts."""
        texts = len(list(objects))
        return {"texts": texts} if texts else {}

    def says(self, objects: Sequence[Text]) -> str:
        """The texts, long ones shortened."""
        return ", ".join(shown(one.text) for one in objects) or "nothing written"

    def as_json(self, objects: Sequence[Text]) -> dict[str, list[str]]:
        """The texts."""
        return {"texts": [one.text for one in objects]}

    def as_columns(self, one: Text) -> ObjectColumns:
        """An object in `annotation_objects` and `label_objects`."""
        return ObjectColumns(
            NAME,
            x_min_px=one.x_min_px,
            y_min_px=one.y_min_px,
            width_px=one.width_px,
            height_px=one.height_px,
            points_px=list(one.corners_px) or None,
            text=one.text,
        )

    def from_columns(self, columns: ObjectColumns) -> Text:
        """Read an object from these tables."""
        sides = (columns.x_min_px, columns.y_min_px, columns.width_px, columns.height_px)
        return Text(columns.text or "", *sides, corners_px=tuple(columns.points_px or ()))

    def folded(self, text: str) -> str:
        """A text as it is compared."""
        return text.casefold() if self.ignores_case else text


def _says(alike: Sequence[float]) -> str:
    """The kind's own measure in words."""
    same = sum(one == 1 for one in alike)
    return f"1 minus the character error; a text without a partner counts as 0; {same} of {len(alike)} pairs typed the same"
