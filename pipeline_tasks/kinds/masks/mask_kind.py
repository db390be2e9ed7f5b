"""Kind `mask`, with its classes and the meaning of its masks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.changed_options import ChangedOption, changed_options
from pipeline_tasks.kinds.model_properties import OPTIONS, names_of
from pipeline_tasks.kinds.name_changes import name_changes
from pipeline_tasks.kinds.named_kind import NamedKind, checked_names

if TYPE_CHECKING:
    from pipeline_tasks.kinds.masks.choosing import MaskChoosing
    from pipeline_tasks.kinds.masks.decode import MaskDecoding
    from pipeline_tasks.kinds.masks.instance_matches import InstanceMatches
    from pipeline_tasks.kinds.masks.instance_modelling import InstanceModelling
    from pipeline_tasks.kinds.masks.labeling import MaskLabeling
    from pipeline_tasks.kinds.masks.modelling import MaskModelling
    from pipeline_tasks.kinds.masks.prediction_model import MaskPredictionModel
    from pipeline_tasks.kinds.masks.scoring import MaskScoring
    from pipeline_tasks.kinds.masks.settings import MaskSettings
    from pipeline_tasks.kinds.object_reporting import ObjectReporting
    from pipeline_tasks.kinds.precision_scoring import PrecisionScoring
    from pipeline_tasks.settings.labels import KindSettings


@dataclass(frozen=True)
class MaskKind(NamedKind):
    """Pixels with a class: one region a class, or one mask an object. Its parts are loaded when first used."""

    is_instance: bool = False
    """True if each mask is an object of its own."""
    name = "mask"

    @classmethod
    def from_settings(cls, settings: KindSettings) -> MaskKind:
        """Open the kind from the classes, their changes and the section `labels` of a project file.

        Raises:
            SettingsError: no class, two with the same name, or a change that does not fit them.
        """
        changes = name_changes(settings.renamed, settings.removed, settings.classes)
        return cls(checked_names(settings.classes), changes, _is_instance(settings.options))

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> MaskKind:
        """Open the kind for the class list and the settings that a dataset version was made with."""
        return cls(tuple(vocabulary), is_instance=_is_instance(options))

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> MaskKind:
        """Open the kind from a model's file."""
        return cls.from_vocabulary(names_of(properties), json.loads(properties[OPTIONS]))

    @staticmethod
    def settings_model() -> type[MaskSettings]:
        """Meaning of the masks."""
        from pipeline_tasks.kinds.masks.settings import MaskSettings

        return MaskSettings

    @staticmethod
    def prediction_model() -> type[MaskPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.masks.prediction_model import MaskPredictionModel

        return MaskPredictionModel

    @property
    def options(self) -> dict[str, Json]:
        """The section `labels`."""
        return {"regions": "instance" if self.is_instance else "semantic"}

    def refused_changes(self, before: Mapping[str, Json]) -> list[ChangedOption]:
        """Regions and objects: people painted one or the other."""
        return changed_options(before, self.options, ("regions",))

    @property
    def about(self) -> dict[str, Json]:
        """The class list of a dataset version, and the meaning of its masks."""
        return {"class_names": list(self.class_names), **self.options}

    @property
    def properties(self) -> dict[str, str]:
        """The kind, its classes and its settings in the form of a model's file."""
        return {**super().properties, OPTIONS: json.dumps(self.options)}

    @cached_property
    def labeling(self) -> MaskLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.masks.labeling import MaskLabeling

        return MaskLabeling(self.class_names, self.former, self.is_instance)

    @cached_property
    def decoding(self) -> MaskDecoding:
        """Shares of the classes, or prototypes and coefficients of objects, as masks and predictions."""
        if self.is_instance:
            from pipeline_tasks.kinds.masks.instance_decode import InstanceDecoding

            return InstanceDecoding(self.class_names)
        from pipeline_tasks.kinds.masks.decode import MaskDecoding

        return MaskDecoding(self.class_names)

    @cached_property
    def scoring(self) -> MaskScoring | PrecisionScoring[InstanceMatches]:
        """Mean intersection over union of regions, or average precision of objects, and related metrics."""
        if self.is_instance:
            from pipeline_tasks.kinds.masks.instance_scoring import instance_scoring

            return instance_scoring(self.labeling, self.changes)
        from pipeline_tasks.kinds.masks.scoring import MaskScoring

        return MaskScoring(self.labeling, self.changes)

    @cached_property
    def modelling(self) -> MaskModelling | InstanceModelling:
        """A segmenter on feature maps, or a detector whose places also find masks."""
        if self.is_instance:
            from pipeline_tasks.kinds.masks.instance_modelling import InstanceModelling

            return InstanceModelling(self.class_names)
        from pipeline_tasks.kinds.masks.modelling import MaskModelling

        return MaskModelling(self.class_names)

    @cached_property
    def choosing(self) -> MaskChoosing:
        """The rarest class of an image, and a segmenter's beliefs."""
        from pipeline_tasks.kinds.masks.choosing import MaskChoosing

        return MaskChoosing(self.class_names, self.is_instance, self.changes)

    @cached_property
    def reporting(self) -> ObjectReporting:
        """Figures by class, and missed, extra, swapped and badly placed regions or objects."""
        if self.is_instance:
            from pipeline_tasks.kinds.masks.instance_reporting import instance_reporting

            return instance_reporting(self.class_names)
        from pipeline_tasks.kinds.masks.reporting import mask_reporting

        return mask_reporting(self.class_names)


def _is_instance(options: Mapping[str, Json]) -> bool:
    return options.get("regions", "semantic") == "instance"
