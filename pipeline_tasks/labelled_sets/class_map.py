"""Classes of a labelled set as classes of the project: by an explicit map, or dropped; equal names need no line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.labelled_folder import LabelledFolder
from pipeline_tasks.records.labelled_set import LabelledSet


@dataclass(frozen=True)
class ClassMap:
    """A class of the set → what it is in the project."""

    names: Mapping[str, str]
    """Of all classes with an object that is not dropped."""
    dropped: Mapping[str, int]
    """Dropped class → objects of it."""


def class_map(read: LabelledFolder, wanted: LabelledSet, vocabulary: Sequence[str]) -> ClassMap:
    """The map of all classes of which the set has an object.

    Raises:
        SettingsError: a class is unknown, mapped to none of the project's, mapped and dropped, or a line names none of the set's.
    """
    counts = Counter(one.class_name for image in read.images for vote in image.votes for one in vote)
    where = f"labelled set {wanted.name}"
    _check_lines(wanted, (*read.class_names, *counts), vocabulary, where)
    names = {name: wanted.classes.get(name, name) for name in counts if name not in wanted.dropped}
    if unknown := sorted(name for name, ours in names.items() if ours not in vocabulary):
        counted = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        first = unknown[0]
        raise SettingsError(
            f"{where}: {', '.join(map(repr, unknown))} are no classes of the project. Classes of the set, with their objects: "
            f"{counted}. Classes of the project: {', '.join(vocabulary)}. Map each of them (--map '{first}=CLASS'; in the form "
            f'{{"{first}": "CLASS"}}), drop it (--drop \'{first}\'), or add it to `classes` of the project file'
        )
    return ClassMap(names, {name: counts[name] for name in wanted.dropped if counts[name]})


def _check_lines(wanted: LabelledSet, of_set: Sequence[str], vocabulary: Sequence[str], where: str) -> None:
    """Refuse lines that cannot be meant, such as a misspelled class."""
    known = ", ".join(sorted(set(of_set)))
    for name in (*wanted.classes, *wanted.dropped):
        if name not in of_set:
            raise SettingsError(f"{where}: {name!r} is mapped or dropped, but no class of the set; its classes are {known}")
    for name, ours in wanted.classes.items():
        if ours not in vocabulary:
            raise SettingsError(
                f"{where}: {name!r} is mapped to {ours!r}, no class of the project; its classes are {', '.join(vocabulary)}"
            )
    if both := sorted(set(wanted.classes) & set(wanted.dropped)):
        raise SettingsError(f"{where}: {both[0]!r} is mapped and dropped; take one of the two away")
