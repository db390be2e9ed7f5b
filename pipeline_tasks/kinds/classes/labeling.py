"""Labeling of classes: form, parsing of annotations, consensus to one class an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.kinds.classes.agreement import agreement
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.labeling import Agreed, ObjectColumns
from pipeline_tasks.kinds.object_changes import ObjectChanges, object_changes

CONTROL = "class"
"""Name of the control that asks for the class."""


@dataclass(frozen=True)
class ClassLabeling:
    """Form, parsing, consensus and agreement of the kind `class`."""

    class_names: tuple[str, ...]
    former: frozenset[str] = frozenset()
    """Names of earlier nights whose renaming or removal is stated."""
    question = "What does the image show?"
    hint = "Nothing of this there? Submit without a choice. Cannot tell? Skip."

    @property
    def control_xml(self) -> str:
        """One button a class; the keys 1 to 9 select the first nine."""
        choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in self.class_names)
        return f'<Choices name="{CONTROL}" toName="picture" choice="single-radio" showInline="true">{choices}</Choices>'

    @property
    def asked(self) -> list[str]:
        """The classes in order."""
        return list(self.class_names)

    def read(self, result: Sequence[JsonObject]) -> tuple[ClassObject, ...]:
        """One object for each distinct chosen name, in order, known to the project or not.

        Where people renamed the control, another one counts if it asks for our classes. Other results in a
        form of their own is named by its kind, such as `rectanglelabels gear`, so that it matches no class.
        """
        return tuple(ClassObject(name) for name in dict.fromkeys(chosen_names(result, CONTROL, self.class_names)))

    def write(self, objects: Sequence[ClassObject], size_px: tuple[int, int]) -> list[JsonObject]:
        """The classes as chosen buttons."""
        about = {"from_name": CONTROL, "to_name": "picture", "type": "choices"}
        return [about | {"value": {"choices": [one.class_name for one in objects]}}] if objects else []

    def can_vote(self, objects: Sequence[ClassObject]) -> bool:
        """Return False for an annotation with a name that is no longer among the classes, as it answered another question."""
        return {one.class_name for one in objects} <= set(self.class_names)

    def unknown(self, objects: Sequence[ClassObject]) -> tuple[str, ...]:
        """Names that are not among the classes and were never, sorted."""
        return tuple(sorted({one.class_name for one in objects} - {*self.class_names, *self.former}))

    def agree(self, annotations: Sequence[Sequence[ClassObject]]) -> Agreed[ClassObject]:
        """The class that most people chose, if it has at least half of the votes; else `unsure`.

        No class is a vote for `empty`. Several classes are a vote for that mixture, which can never win.
        """
        if not annotations:
            return Agreed("unsure", 0, 0.0)
        counts = Counter(tuple(sorted({one.class_name for one in objects})) for objects in annotations).most_common(2)
        winner, count = counts[0]
        agreement_ratio = count / len(annotations)
        is_tie = len(counts) > 1 and counts[1][1] == count
        if is_tie or agreement_ratio < 0.5 or len(winner) > 1:
            return Agreed("unsure", len(annotations), agreement_ratio)
        objects = tuple(ClassObject(name) for name in winner)
        return Agreed("labelled" if objects else "empty", len(annotations), agreement_ratio, objects)

    @property
    def agreement_measure(self) -> AgreementMeasure:
        """Two annotations agree or do not."""
        return AgreementMeasure()

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[ClassObject]]]) -> Agreement:
        """Share of equal annotations, and Scott's pi; no class, and several classes, each count as a value of their own."""
        named = {
            image: {who: "+".join(sorted(one.class_name for one in said)) for who, said in given.items()}
            for image, given in annotations.items()
        }
        return agreement(named)

    def object_changes(self, before: Sequence[ClassObject], after: Sequence[ClassObject]) -> ObjectChanges:
        """Classes that came and went."""
        return object_changes(before, after, lambda one: one.class_name)

    def counts(self, objects: Iterable[ClassObject]) -> dict[str, int]:
        """Objects by class."""
        return dict(sorted(Counter(one.class_name for one in objects).items()))

    def says(self, objects: Sequence[ClassObject]) -> str:
        """The classes."""
        return ", ".join(one.class_name for one in objects) or "nothing there"

    def as_json(self, objects: Sequence[ClassObject]) -> dict[str, list[str]]:
        """The list of classes."""
        return {"class_names": [one.class_name for one in objects]}

    def as_columns(self, one: ClassObject) -> ObjectColumns:
        """An object in `annotation_objects` and `label_objects`."""
        return ObjectColumns("class", class_name=one.class_name)

    def from_columns(self, columns: ObjectColumns) -> ClassObject:
        """Read an object from these tables."""
        return ClassObject(str(columns.class_name))


def chosen_names(result: Sequence[JsonObject], control: str, class_names: Sequence[str]) -> list[str]:
    """Names in a control, otherwise in a renamed one that asks for these classes, otherwise in any."""
    by_control: dict[str, list[str]] = {}
    for region in result:
        by_control.setdefault(str(region.get("from_name", control)), []).extend(_names(region))
    if control in by_control:
        return by_control[control]
    renamed = [names for names in by_control.values() if names and set(names) <= set(class_names)]
    return renamed[0] if renamed else [name for names in by_control.values() for name in names]


def _names(region: JsonObject) -> list[str]:
    """Chosen names in one region of an annotation; a region that is not of choices is named by its type."""
    kind, value = region.get("type"), region.get("value")
    found = value.get(kind) if isinstance(value, Mapping) else None
    names = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    if kind == "choices":
        return names
    return [f"{kind} {name}" for name in names] or [str(kind)]
