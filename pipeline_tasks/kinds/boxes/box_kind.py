"""Kind `box`, with its list of classes."""

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
    from pipeline_tasks.kinds.boxes.choosing import BoxChoosing
    from pipeline_tasks.kinds.boxes.decode import BoxDecoding
    from pipeline_tasks.kinds.boxes.freezing import BoxFreezing
    from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
    from pipeline_tasks.kinds.boxes.modelling import BoxModelling
    from pipeline_tasks.kinds.boxes.prediction_model import BoxPredictionModel
    from pipeline_tasks.kinds.boxes.reporting import BoxReporting
    from pipeline_tasks.kinds.boxes.scoring import BoxScoring
    from pipeline_tasks.settings.labels import KindSettings
    from pipeline_tasks.settings.section import NoSettings


@dataclass(frozen=True)
class BoxKind:
    """Boxes with a class, none or several in an image. Its parts are loaded when first used."""

    class_names: tuple[str, ...]
    changes: NameChanges = NO_CHANGES
    name = "box"
    options = NO_FIELDS

    @classmethod
    def from_settings(cls, settings: KindSettings) -> BoxKind:
        """Open the kind from the keys `classes`, `renamed_classes` and `removed_classes` of a project file.

        Raises:
            SettingsError: no class, two with the same name, or a change that does not fit them.
        """
        return cls(_checked(settings.classes), name_changes(settings.renamed, settings.removed, settings.classes))

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> BoxKind:
        """Open the kind for the class list of a dataset version."""
        return cls(tuple(vocabulary))

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> BoxKind:
        """Open the kind from the classes of a model."""
        return cls(tuple(str(name) for name in json.loads(properties["nightlens_classes"])))

    @staticmethod
    def settings_model() -> type[NoSettings]:
        """Nothing beside the classes."""
        from pipeline_tasks.settings.section import NoSettings

        return NoSettings

    @staticmethod
    def prediction_model() -> type[BoxPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.boxes.prediction_model import BoxPredictionModel

        return BoxPredictionModel

    def refused_changes(self, before: Mapping[str, Json]) -> tuple[ChangedOption, ...]:
        """None: there are no settings beside the classes."""
        return ()

    @property
    def about(self) -> dict[str, Json]:
        """The class list of a dataset version."""
        return {"class_names": list(self.class_names)}

    @property
    def properties(self) -> dict[str, str]:
        """The kind and its classes in the form of a model's file."""
        classes = json.dumps(list(self.class_names), ensure_ascii=False)
        return {"nightlens_label_kind": self.name, "nightlens_classes": classes}

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The classes."""
        return self.class_names

    @cached_property
    def labeling(self) -> BoxLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.boxes.labeling import BoxLabeling

        return BoxLabeling(self.class_names, frozenset((*self.changes.today, *self.changes.removed)))

    @cached_property
    def decoding(self) -> BoxDecoding:
        """A detector's outputs as boxes and predictions."""
        from pipeline_tasks.kinds.boxes.decode import BoxDecoding

        return BoxDecoding(self.class_names)

    @cached_property
    def scoring(self) -> BoxScoring:
        """Average precision and related metrics."""
        from pipeline_tasks.kinds.boxes.scoring import BoxScoring

        return BoxScoring(self.changes)

    @cached_property
    def freezing(self) -> BoxFreezing:
        """Labels whose boxes are all of these classes, and empty images."""
        from pipeline_tasks.kinds.boxes.freezing import BoxFreezing

        return BoxFreezing(self.class_names)

    @cached_property
    def modelling(self) -> BoxModelling:
        """A detector on feature maps."""
        from pipeline_tasks.kinds.boxes.modelling import BoxModelling

        return BoxModelling(self.class_names)

    @cached_property
    def choosing(self) -> BoxChoosing:
        """The rarest class of an image."""
        from pipeline_tasks.kinds.boxes.choosing import BoxChoosing

        return BoxChoosing(self.class_names, self.changes)

    @cached_property
    def reporting(self) -> BoxReporting:
        """Missed, extra, swapped and badly placed boxes."""
        from pipeline_tasks.kinds.boxes.reporting import BoxReporting

        return BoxReporting(self.class_names)


def _checked(classes: Sequence[str]) -> tuple[str, ...]:
    """Check number and names of the classes; names must differ."""
    if not classes:
        raise SettingsError("classes: wanted at least one class of boxes, found none")
    if len(set(classes)) != len(classes):
        raise SettingsError(f"class names must differ from each other, found {list(classes)}")
    return tuple(classes)
