"""Labeling of images with several classes: form, parsing of annotations, a vote on each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.classes.labeling import chosen_names
from pipeline_tasks.kinds.form_labels import choices
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.multi_label.agreement import MEASURE, agreement, jaccard
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes

NAME = "classes"
"""Name of the label kind, and of the control that asks for the classes."""
NOTHING = "none of these"


@dataclass(frozen=True)
class MultiLabelLabeling:
    """Form, parsing, consensus and agreement of the kind `classes`."""

    class_names: tuple[str, ...]
    renamed: frozenset[str] = frozenset()
    """Names of earlier nights that have a new name."""
    removed: frozenset[str] = frozenset()
    """Names of earlier nights that are not asked for any more; the other choices of an annotation still count."""
    question = "Which of these does the image show?"
    hint = "Choose all that the image shows. None of these? Submit without a choice. Cannot tell? Skip."

    @property
    def control_xml(self) -> str:
        """A check box a class; a key toggles each of the first classes."""
        form = f'<Choices name="{NAME}" toName="picture" choice="multiple" showInline="true">'
        return f"{form}{choices(self.class_names)}</Choices>"

    @property
    def asked(self) -> list[str]:
        """The classes in order."""
        return list(self.class_names)

    def read(self, result: Sequence[JsonObject]) -> tuple[ClassObject, ...]:
        """One object for each distinct chosen name, in order, known to the project or not; see `ClassLabeling.read`."""
        return tuple(ClassObject(name) for name in dict.fromkeys(chosen_names(result, NAME, self.class_names)))

    def write(self, objects: Sequence[ClassObject], size_px: tuple[int, int]) -> list[JsonObject]:
        """The classes as checked boxes; no result for none of them."""
        about = {"from_name": NAME, "to_name": "picture", "type": "choices"}
        return [about | {"value": {"choices": [one.class_name for one in objects]}}] if objects else []

    def can_vote(self, objects: Sequence[ClassObject]) -> bool:
        """Return False for an annotation with an unknown name, as it answered another question."""
        return {one.class_name for one in objects} <= {*self.class_names, *self.removed}

    def unknown(self, objects: Sequence[ClassObject]) -> tuple[str, ...]:
        """Names that are not among the classes and were never, sorted."""
        return tuple(sorted({one.class_name for one in objects} - {*self.class_names, *self.renamed, *self.removed}))

    def agree(self, annotations: Sequence[Sequence[ClassObject]]) -> Agreed[ClassObject]:
        """The classes that more than half of the people chose, in the project's order; `unsure` if a class has exactly half.

        The agreement is the mean Jaccard index of the annotations and the label.
        """
        if not annotations:
            return Agreed("unsure", 0, 0.0)
        said = [self._known(objects) for objects in annotations]
        counts = Counter(name for names in said for name in names)
        label = frozenset(name for name, count in counts.items() if 2 * count > len(said))
        agreement_ratio = sum(jaccard(names, label) for names in said) / len(said)
        if any(2 * count == len(said) for count in counts.values()):
            return Agreed("unsure", len(said), agreement_ratio)
        objects = tuple(ClassObject(name) for name in self.class_names if name in label)
        return Agreed("labelled" if objects else "empty", len(said), agreement_ratio, objects)

    @property
    def agreement_measure(self) -> AgreementMeasure:
        """Jaccard index."""
        return MEASURE

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[ClassObject]]]) -> Agreement:
        """Mean Jaccard index over pairs; two people who chose nothing agree."""
        named = {image: {who: self._known(said) for who, said in given.items()} for image, given in annotations.items()}
        return agreement(named, self.class_names)

    def object_changes(self, before: Sequence[ClassObject], after: Sequence[ClassObject]) -> ObjectChanges:
        """Classes that came and went."""
        return object_changes(before, after, lambda one: one.class_name)

    def counts(self, objects: Iterable[ClassObject]) -> dict[str, int]:
        """Objects by class."""
        return dict(sorted(Counter(one.class_name for one in objects).items()))

    def says(self, objects: Sequence[ClassObject]) -> str:
        """The classes."""
        return ", ".join(one.class_name for one in objects) or NOTHING

    def as_json(self, objects: Sequence[ClassObject]) -> dict[str, list[str]]:
        """The list of classes."""
        return {"class_names": [one.class_name for one in objects]}

    def as_columns(self, one: ClassObject) -> ObjectColumns:
        """An object in `annotation_objects` and `label_objects`."""
        return ObjectColumns(NAME, class_name=one.class_name)

    def from_columns(self, columns: ObjectColumns) -> ClassObject:
        """Read an object from these tables."""
        return ClassObject(str(columns.class_name))

    def _known(self, objects: Sequence[ClassObject]) -> frozenset[str]:
        """The classes that the project still asks for."""
        return frozenset(one.class_name for one in objects) - self.removed
