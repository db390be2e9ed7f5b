"""Kind `classes`, with its list of classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.changed_options import ChangedOption
from pipeline_tasks.kinds.name_changes import NameChanges, name_changes

if TYPE_CHECKING:
    from pipeline_tasks.kinds.multi_label.choosing import MultiLabelChoosing
    from pipeline_tasks.kinds.multi_label.decode import MultiLabelDecoding
    from pipeline_tasks.kinds.multi_label.freezing import MultiLabelFreezing
    from pipeline_tasks.kinds.multi_label.labeling import MultiLabelLabeling
    from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling
    from pipeline_tasks.kinds.multi_label.prediction_model import MultiLabelPredictionModel
    from pipeline_tasks.kinds.multi_label.reporting import MultiLabelReporting
    from pipeline_tasks.kinds.multi_label.scoring import MultiLabelScoring
    from pipeline_tasks.settings.labels import KindSettings
    from pipeline_tasks.settings.section import NoSettings

MIN_CLASSES = 2
NO_CHANGES_OF_SETS = NameChanges(is_set=True)


@dataclass(frozen=True)
class MultiLabelKind:
    """Any number of classes an image. Its parts are loaded when first used."""

    class_names: tuple[str, ...]
    changes: NameChanges = NO_CHANGES_OF_SETS
    name = "classes"
    options = NO_FIELDS

    @classmethod
    def from_settings(cls, settings: KindSettings) -> MultiLabelKind:
        """Open the kind from the keys `classes`, `renamed_classes` and `removed_classes` of a project file.

        Raises:
            SettingsError: fewer than two classes, two with the same name, or a change that does not fit them.
        """
        changes = name_changes(settings.renamed, settings.removed, settings.classes)
        return cls(_checked(settings.classes), NameChanges(changes.renamed, changes.removed, is_set=True))

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> MultiLabelKind:
        """Open the kind for the class list of a dataset version."""
        return cls(tuple(vocabulary))

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> MultiLabelKind:
        """Open the kind from the classes of a model."""
        return cls(tuple(str(name) for name in json.loads(properties["nightlens_classes"])))

    @staticmethod
    def settings_model() -> type[NoSettings]:
        """Nothing beside the classes."""
        from pipeline_tasks.settings.section import NoSettings

        return NoSettings

    @staticmethod
    def prediction_model() -> type[MultiLabelPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.multi_label.prediction_model import MultiLabelPredictionModel

        return MultiLabelPredictionModel

    def refused_changes(self, before: Mapping[str, Json]) -> tuple[ChangedOption, ...]:
        """None: there are no settings beside the classes."""
        return ()

    @property
    def about(self) -> dict[str, Json]:
        """The class list of a dataset version."""
        return {"class_names": list(self.class_names)}

    @property
    def properties(self) -> dict[str, str]:
        """The kind and the classes in the form of a model's file."""
        return {
            "nightlens_label_kind": self.name,
            "nightlens_classes": json.dumps(list(self.class_names), ensure_ascii=False),
        }

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The classes."""
        return self.class_names

    @cached_property
    def labeling(self) -> MultiLabelLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.multi_label.labeling import MultiLabelLabeling

        return MultiLabelLabeling(self.class_names, frozenset(self.changes.today), frozenset(self.changes.removed))

    @cached_property
    def decoding(self) -> MultiLabelDecoding:
        """Probabilities as objects and predictions."""
        from pipeline_tasks.kinds.multi_label.decode import MultiLabelDecoding

        return MultiLabelDecoding(self.class_names)

    @cached_property
    def scoring(self) -> MultiLabelScoring:
        """F1 and related metrics."""
        from pipeline_tasks.kinds.multi_label.scoring import MultiLabelScoring

        return MultiLabelScoring(self.changes)

    @cached_property
    def freezing(self) -> MultiLabelFreezing:
        """Labels with these classes, or with none."""
        from pipeline_tasks.kinds.multi_label.freezing import MultiLabelFreezing

        return MultiLabelFreezing(self.class_names)

    @cached_property
    def modelling(self) -> MultiLabelModelling:
        """A linear head on embeddings."""
        from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling

        return MultiLabelModelling(self.class_names)

    @cached_property
    def choosing(self) -> MultiLabelChoosing:
        """Classes of labels, and a model's probabilities."""
        from pipeline_tasks.kinds.multi_label.choosing import MultiLabelChoosing

        return MultiLabelChoosing(self.class_names, self.changes)

    @cached_property
    def reporting(self) -> MultiLabelReporting:
        """F1 of each class, and the worst errors."""
        from pipeline_tasks.kinds.multi_label.reporting import MultiLabelReporting

        return MultiLabelReporting(self.class_names)


def _checked(classes: Sequence[str]) -> tuple[str, ...]:
    """Check number and names of the classes; names must differ."""
    if len(classes) < MIN_CLASSES:
        raise SettingsError(f"at least {MIN_CLASSES} classes are needed, found {list(classes)}")
    if len(set(classes)) != len(classes):
        raise SettingsError(f"class names must differ from each other, found {list(classes)}")
    return tuple(classes)
