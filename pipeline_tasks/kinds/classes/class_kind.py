"""Kind `class`, with its list of classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.changed_options import ChangedOption
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges, name_changes

if TYPE_CHECKING:
    from pipeline_tasks.kinds.classes.choosing import ClassChoosing
    from pipeline_tasks.kinds.classes.decode import ClassDecoding
    from pipeline_tasks.kinds.classes.freezing import ClassFreezing
    from pipeline_tasks.kinds.classes.labeling import ClassLabeling
    from pipeline_tasks.kinds.classes.modelling import ClassModelling
    from pipeline_tasks.kinds.classes.prediction_model import ClassPredictionModel
    from pipeline_tasks.kinds.classes.reporting import ClassReporting
    from pipeline_tasks.kinds.classes.scoring import ClassScoring
    from pipeline_tasks.settings.labels import KindSettings
    from pipeline_tasks.settings.section import NoSettings

MIN_CLASSES = 2


@dataclass(frozen=True)
class ClassKind:
    """One class an image. Its parts are loaded when first used."""

    class_names: tuple[str, ...]
    changes: NameChanges = NO_CHANGES
    name = "class"
    options = NO_FIELDS

    @classmethod
    def from_settings(cls, settings: KindSettings) -> ClassKind:
        """Open the kind from the keys `classes`, `renamed_classes` and `removed_classes` of a project file.

        Raises:
            SettingsError: fewer than two classes, two with the same name, or a change that does not fit them.
        """
        return cls(_checked(settings.classes), name_changes(settings.renamed, settings.removed, settings.classes))

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> ClassKind:
        """Open the kind for the class list of a dataset version."""
        return cls(tuple(vocabulary))

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> ClassKind:
        """Open the kind from the classes of a model."""
        return cls(tuple(str(name) for name in json.loads(properties["nightlens_classes"])))

    @staticmethod
    def settings_model() -> type[NoSettings]:
        """Nothing beside the classes."""
        from pipeline_tasks.settings.section import NoSettings

        return NoSettings

    @staticmethod
    def prediction_model() -> type[ClassPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.classes.prediction_model import ClassPredictionModel

        return ClassPredictionModel

    def refused_changes(self, before: Mapping[str, Json]) -> tuple[ChangedOption, ...]:
        """None: there are no settings beside the classes."""
        return ()

    @property
    def about(self) -> dict[str, Json]:
        """The class list of a dataset version."""
        return {"class_names": list(self.class_names)}

    @property
    def properties(self) -> dict[str, str]:
        """The classes in the form of a model's file."""
        return {"nightlens_classes": json.dumps(list(self.class_names), ensure_ascii=False)}

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The classes."""
        return self.class_names

    @cached_property
    def labeling(self) -> ClassLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.classes.labeling import ClassLabeling

        return ClassLabeling(self.class_names, frozenset((*self.changes.today, *self.changes.removed)))

    @cached_property
    def decoding(self) -> ClassDecoding:
        """Probabilities as objects and predictions."""
        from pipeline_tasks.kinds.classes.decode import ClassDecoding

        return ClassDecoding(self.class_names)

    @cached_property
    def scoring(self) -> ClassScoring:
        """Balanced accuracy and related metrics."""
        from pipeline_tasks.kinds.classes.scoring import ClassScoring

        return ClassScoring(self.changes)

    @cached_property
    def freezing(self) -> ClassFreezing:
        """Labels with one of the classes."""
        from pipeline_tasks.kinds.classes.freezing import ClassFreezing

        return ClassFreezing(self.class_names)

    @cached_property
    def modelling(self) -> ClassModelling:
        """A linear head on embeddings."""
        from pipeline_tasks.kinds.classes.modelling import ClassModelling

        return ClassModelling(self.class_names)

    @cached_property
    def choosing(self) -> ClassChoosing:
        """Classes of labels, and a model's probabilities."""
        from pipeline_tasks.kinds.classes.choosing import ClassChoosing

        return ClassChoosing(self.class_names, self.changes)

    @cached_property
    def reporting(self) -> ClassReporting:
        """Confusions and worst errors."""
        from pipeline_tasks.kinds.classes.reporting import ClassReporting

        return ClassReporting(self.class_names)


def _checked(classes: Sequence[str]) -> tuple[str, ...]:
    """Check number and names of the classes; names must differ."""
    if len(classes) < MIN_CLASSES:
        raise SettingsError(f"at least {MIN_CLASSES} classes are needed, found {list(classes)}")
    if len(set(classes)) != len(classes):
        raise SettingsError(f"class names must differ from each other, found {list(classes)}")
    return tuple(classes)
