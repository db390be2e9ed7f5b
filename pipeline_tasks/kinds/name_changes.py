"""Names of a vocabulary that changed between nights: renamed, merged or removed, as the project file states it.

Older labels keep what people said; they are read by today's names when labels are resolved, frozen, chosen by and compared.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError

if TYPE_CHECKING:
    # Imported for types only: the DAGs load this module, and the prediction server's environment has no polars.
    import numpy as np
    import numpy.typing as npt
    import polars as pl

_OWNERS = ("annotation_id", "revision", "model_digest", "image_id")
"""Columns that say in which annotation, label or prediction an object is."""
NAME_COLUMN = "class_name"
"""Column with a name, in label objects, manifests and predictions alike."""


@dataclass(frozen=True)
class NameChanges:
    """Old names, and what became of them."""

    renamed: tuple[tuple[str, str], ...] = ()
    """Old name → today's name; several old ones of one new name are merged."""
    removed: tuple[str, ...] = ()
    """Names that are no longer wanted: their labels are left out, and a candidate may lack them."""
    is_set: bool = False
    """A label is a set of names: two old names of one image that are merged count once."""

    @property
    def today(self) -> dict[str, str]:
        """Old name → today's name."""
        return dict(self.renamed)

    def in_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of any table with the column of names, by today's names."""
        if not self.renamed:
            return rows
        renamed = rows.with_columns(rows[NAME_COLUMN].replace(self.today))
        key = [name for name in (*_OWNERS, NAME_COLUMN) if name in renamed.columns]
        return renamed.unique(key, keep="first", maintain_order=True) if self.is_set else renamed

    def of_columns(self, vocabulary: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
        """Today's names of an older vocabulary, and the matrix (C x names) that adds up columns whose names were merged."""
        import numpy as np

        today = [self.today.get(name, name) for name in vocabulary]
        names = tuple(dict.fromkeys(today))
        sums = np.array([[float(name == one) for one in names] for name in today], np.float32)
        return names, sums.reshape(len(today), len(names))


NO_CHANGES = NameChanges()
NO_RENAMES: Mapping[str, str] = MappingProxyType({})


def name_changes(renamed: Mapping[str, str], removed: Sequence[str], vocabulary: Sequence[str]) -> NameChanges:
    """Changes as a project file states them; renamings of several nights may follow each other (a: b, b: c).

    Raises:
        SettingsError: an old name is still in use, a new one is none of `vocabulary`, or renamings go in a circle.
    """
    for name in (*renamed, *removed):
        if name in vocabulary:
            key = "renamed_classes" if name in renamed else "removed_classes"
            raise SettingsError(f"{key}: {name!r} is still one of classes; take it out there, or here")
    if both := sorted(set(renamed) & set(removed)):
        raise SettingsError(f"removed_classes: {both[0]!r} is also in renamed_classes; take it out of one of them")
    return NameChanges(tuple((old, _followed(old, renamed, vocabulary)) for old in renamed), tuple(removed))


@dataclass(frozen=True)
class UnknownNames:
    """Names in labels that are in no vocabulary and in no stated change."""

    labels: Mapping[str, int]
    """Name → number of labels."""
    why: str
    """Sentences on them, with the keys to state in the project file; empty if there are none."""


def unknown_names_of(counts: Mapping[str, int], vocabulary: Sequence[str], changes: NameChanges) -> UnknownNames:
    """Unknown names among those of a project's labels (name → number); none for kinds without names."""
    known = {*vocabulary, *changes.today, *changes.removed}
    unknown = {name: count for name, count in sorted(counts.items()) if name not in known} if vocabulary else {}
    return UnknownNames(unknown, " ".join(_why_unknown(name, count, vocabulary, counts) for name, count in unknown.items()))


def _why_unknown(name: str, count: int, vocabulary: Sequence[str], counts: Mapping[str, int]) -> str:
    meant = suggested(name, vocabulary, counts)
    hint = "" if meant is None else f" (did you mean {meant!r}?)"
    new = meant or "NEW NAME"
    said = "1 label in the root says" if count == 1 else f"{count} labels in the root say"
    return (
        f"{said} {name!r}, which is none of the project file's classes{hint}: left out of dataset versions, and a model that "
        f"forgets {name!r} is not promoted. Renamed: add renamed_classes: {{{name}: {new}}}. "
        f"Not wanted any more: add removed_classes: [{name}]."
    )


def suggested(name: str, vocabulary: Sequence[str], counts: Mapping[str, int]) -> str | None:
    """Today's name that an old one probably became: one like it, or the only class without a label."""
    plain = {_plain(one): one for one in vocabulary}
    if _plain(name) in plain:
        return plain[_plain(name)]
    fresh = [one for one in vocabulary if not counts.get(one)]
    for candidates in (fresh, vocabulary):
        if near := difflib.get_close_matches(_plain(name), [_plain(one) for one in candidates], n=1):
            return plain[near[0]]
    return fresh[0] if len(fresh) == 1 else None


def _plain(name: str) -> str:
    """A name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _followed(old: str, renamed: Mapping[str, str], vocabulary: Sequence[str]) -> str:
    """Today's name behind a chain of renamings."""
    name, seen = old, [old]
    while name not in vocabulary and name in renamed:
        name = renamed[name]
        if name in seen:
            raise SettingsError(f"renamed_classes: {' → '.join([*seen, name])} is a circle; name one of classes at its end")
        seen.append(name)
    if name not in vocabulary:
        near = suggested(name, vocabulary, {})
        hint = f"did you mean {near!r}?" if near else f"classes: {', '.join(vocabulary)}"
        raise SettingsError(f"renamed_classes: {old!r} → {name!r}, which is none of classes ({hint})")
    return name
