"""The stored forms of kinds whose objects have one of a list of names: project file, dataset version, model's file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.changed_options import ChangedOption
from pipeline_tasks.kinds.model_properties import CLASSES, KIND, names_of
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges

if TYPE_CHECKING:
    from pipeline_tasks.kinds.named_freezing import NamedFreezing
    from pipeline_tasks.settings.section import Settings


@dataclass(frozen=True)
class NamedKind:
    """A list of names, and their changes. Parts are loaded when first used: the prediction server has neither tables nor torch."""

    class_names: tuple[str, ...]
    changes: NameChanges = NO_CHANGES
    name: ClassVar[str]

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> Self:
        """Open the kind for the class list of a dataset version."""
        return cls(tuple(vocabulary))

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> Self:
        """Open the kind from the classes of a model."""
        return cls(names_of(properties))

    @staticmethod
    def settings_model() -> type[Settings]:
        """Nothing beside the classes."""
        from pipeline_tasks.settings.section import NoSettings

        return NoSettings

    def refused_changes(self, before: Mapping[str, Json]) -> Sequence[ChangedOption]:
        """None: there are no settings beside the classes."""
        return ()

    @property
    def about(self) -> Mapping[str, Json]:
        """The class list of a dataset version."""
        return {"class_names": list(self.class_names)}

    @property
    def properties(self) -> dict[str, str]:
        """The kind and its classes in the form of a model's file."""
        return {KIND: self.name, CLASSES: json.dumps(list(self.class_names), ensure_ascii=False)}

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The classes."""
        return self.class_names

    @property
    def former(self) -> frozenset[str]:
        """Names of earlier nights whose renaming or removal is stated."""
        return frozenset((*self.changes.today, *self.changes.removed))

    @cached_property
    def freezing(self) -> NamedFreezing:
        """Labels whose objects all have one of the names, and empty images."""
        from pipeline_tasks.kinds.named_freezing import NamedFreezing

        return NamedFreezing(self.class_names)


def checked_names(names: Sequence[str], at_least: int = 1) -> tuple[str, ...]:
    """Check number and names of the classes of a project file; names must differ.

    Raises:
        SettingsError: fewer than `at_least`, or two with the same name.
    """
    if len(names) < at_least:
        wanted = "one class is" if at_least == 1 else f"{at_least} classes are"
        raise SettingsError(f"classes: at least {wanted} needed, found {list(names) or 'none'}")
    if len(set(names)) != len(names):
        raise SettingsError(f"class names must differ from each other, found {list(names)}")
    return tuple(names)
