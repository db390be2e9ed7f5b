"""Labeling of classes: form, parsing of annotations, consensus to one class an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.classes.agreement import agreement
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.labeling import Agreed, Agreement, ObjectColumns


@dataclass(frozen=True)
class ClassLabeling:
    """Form, parsing, consensus and agreement of the kind `class`."""

    class_names: tuple[str, ...]
    hint = "Nothing of this there? Submit without a choice. Cannot tell? Skip."

    @property
    def control_xml(self) -> str:
        """One button a class; the keys 1 to 9 select the first nine."""
        choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in self.class_names)
        return f'<Choices name="class" toName="picture" choice="single-radio" showInline="true">{choices}</Choices>'

    @property
    def asked(self) -> list[str]:
        """The classes in order."""
        return list(self.class_names)

    def read(self, result: Sequence[JsonObject]) -> tuple[ClassObject, ...]:
        """One object for each distinct chosen name, in order, known to the project or not."""
        chosen = [name for region in result for name in _choices(region)]
        return tuple(ClassObject(name) for name in dict.fromkeys(chosen))

    def can_vote(self, objects: Sequence[ClassObject]) -> bool:
        """Return False for an annotation with a name that is no longer among the classes, as it answered another question."""
        return {one.class_name for one in objects} <= set(self.class_names)

    def agree(self, annotations: Sequence[Sequence[ClassObject]]) -> Agreed[ClassObject]:
        """The class that most people chose, if it has at least half of the votes; else `unsure`.

        No class is a vote for `empty`. Several classes are a vote for that mixture, which can never win.
        """
        if not annotations:
            return Agreed("unsure", 0, 0.0)
        counts = Counter(tuple(sorted(one.class_name for one in objects)) for objects in annotations).most_common(2)
        winner, count = counts[0]
        agreement_ratio = count / len(annotations)
        is_tie = len(counts) > 1 and counts[1][1] == count
        if is_tie or agreement_ratio < 0.5 or len(winner) > 1:
            return Agreed("unsure", len(annotations), agreement_ratio)
        objects = tuple(ClassObject(name) for name in winner)
        return Agreed("labelled" if objects else "empty", len(annotations), agreement_ratio, objects)

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[ClassObject]]]) -> Agreement:
        """Share of equal annotations, and Scott's pi; of an annotation with several classes the first counts."""
        first = {image: {who: said[0].class_name for who, said in given.items() if said} for image, given in annotations.items()}
        return agreement(first)

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


def _choices(region: JsonObject) -> list[str]:
    """Names in one region of an annotation; regions of another form (text, stars) have none."""
    value = region.get("value")
    names = value.get("choices") if region.get("type") == "choices" and isinstance(value, Mapping) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
