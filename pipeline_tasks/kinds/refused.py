"""Objects of annotations that cannot be used. An annotation with one does not vote; it is counted and shown with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_tasks.kinds.labeling import Labeling, ObjectColumns

REFUSED = "refused"
"""The column `label_kind` of such an object."""


@dataclass(frozen=True)
class Refused:
    """An object of any kind that is not valid, such as a box outside the image or an answer to another form."""

    class_name: str | None
    problem: str
    """The object and the problem, such as `box 3 (gear) lies outside the image: …`."""


def columns_of(one: Any, labeling: Labeling[Any]) -> ObjectColumns:
    """An object of an annotation, refused or not, as the tables keep it."""
    if isinstance(one, Refused):
        return ObjectColumns(REFUSED, class_name=one.class_name, text=one.problem)
    return labeling.as_columns(one)


def object_of(columns: ObjectColumns, labeling: Labeling[Any]) -> Any:
    """Read an object as the tables keep it."""
    if columns.label_kind == REFUSED:
        return Refused(columns.class_name, columns.text or "")
    return labeling.from_columns(columns)


def usable(objects: Sequence[Any]) -> tuple[Any, ...]:
    """Objects without the refused ones."""
    return tuple(one for one in objects if not isinstance(one, Refused))


def problems(objects: Sequence[Any]) -> tuple[str, ...]:
    """Problems of the refused objects, in order."""
    return tuple(one.problem for one in objects if isinstance(one, Refused))


def says_of(objects: Sequence[Any], labeling: Labeling[Any]) -> str:
    """The objects of an annotation in a few words, with the problems of refused ones."""
    refused = [f"not usable: {problem}" for problem in problems(objects)]
    said = [labeling.says(usable(objects))] if usable(objects) or not refused else []
    return "; ".join([*said, *refused])
