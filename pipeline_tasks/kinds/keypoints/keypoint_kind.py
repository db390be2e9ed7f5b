"""Kind `keypoints`, with its classes and their skeletons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.changed_options import ChangedOption, changed_options
from pipeline_tasks.kinds.model_properties import OPTIONS, names_of
from pipeline_tasks.kinds.name_changes import name_changes
from pipeline_tasks.kinds.named_kind import NamedKind, checked_names

if TYPE_CHECKING:
    from pipeline_tasks.kinds.keypoints.choosing import KeypointChoosing
    from pipeline_tasks.kinds.keypoints.decode import KeypointDecoding
    from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
    from pipeline_tasks.kinds.keypoints.matches import ThingMatches
    from pipeline_tasks.kinds.keypoints.modelling import KeypointModelling
    from pipeline_tasks.kinds.keypoints.prediction_model import KeypointPredictionModel
    from pipeline_tasks.kinds.keypoints.settings import KeypointSettings
    from pipeline_tasks.kinds.object_reporting import ObjectReporting
    from pipeline_tasks.kinds.precision_scoring import PrecisionScoring
    from pipeline_tasks.settings.labels import KindSettings

SIGMA = 0.1
"""A point's spread as a share of the thing's size, if the project states none; COCO's are .025 (a person's eyes) to .107 (hips)."""


@dataclass(frozen=True)
class KeypointKind(NamedKind):
    """Named points of things. Its parts are loaded when first used."""

    options: Mapping[str, Json] = field(kw_only=True)
    """The section `labels`."""
    name = "keypoints"

    @classmethod
    def from_settings(cls, settings: KindSettings) -> KeypointKind:
        """Open the kind from the classes and the section `labels` of a project file.

        Raises:
            SettingsError: a class without a skeleton, a skeleton without a class, or a change that does not fit.
        """
        classes, named = checked_names(settings.classes), tuple(_mapping(settings.options.get("skeleton")))
        if lacking := [name for name in classes if name not in named]:
            raise SettingsError(f"{lacking[0]!r} has no points; add them to labels.skeleton")
        if extra := [name for name in named if name not in classes]:
            raise SettingsError(f"labels.skeleton names {extra[0]!r}, which is none of classes; add it there, or take it out")
        return cls(classes, name_changes(settings.renamed, settings.removed, classes), options=settings.options)

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> KeypointKind:
        """Open the kind for the classes and the skeletons that a dataset version was made with."""
        return cls(tuple(vocabulary), options=options)

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> KeypointKind:
        """Open the kind from a model's file."""
        return cls.from_vocabulary(names_of(properties), json.loads(properties[OPTIONS]))

    @staticmethod
    def settings_model() -> type[KeypointSettings]:
        """Skeletons, and the way things are told apart."""
        from pipeline_tasks.kinds.keypoints.settings import KeypointSettings

        return KeypointSettings

    @staticmethod
    def prediction_model() -> type[KeypointPredictionModel]:
        """Fields of a prediction."""
        from pipeline_tasks.kinds.keypoints.prediction_model import KeypointPredictionModel

        return KeypointPredictionModel

    @property
    def points(self) -> dict[str, tuple[str, ...]]:
        """Class → its points, in order."""
        skeletons = _mapping(self.options["skeleton"])
        return {name: _names(skeletons[name]) for name in self.class_names}

    @property
    def sigmas(self) -> dict[str, dict[str, float]]:
        """Class → point → spread, for all points."""
        stated = _mapping(self.options.get("sigmas"))
        found = {}
        for name, points in self.points.items():
            own = _mapping(stated.get(name))
            found[name] = {one: float(str(own.get(one, SIGMA))) for one in points}
        return found

    def refused_changes(self, before: Mapping[str, Json]) -> list[ChangedOption]:
        """The way things are told apart, and new points of a class, because older annotations would say that they are not there.

        Points that are taken out are left out of older annotations, also of a renamed class; a new class has no annotations.
        """
        earlier, found = _mapping(before.get("skeleton")), changed_options(before, self.options, ("things",))
        for old in earlier:
            name = self.changes.today.get(old, old)
            points_before, points = _names(earlier[old]), self.points.get(name, ())
            if set(points) - set(points_before):
                found.append(ChangedOption(f"skeleton.{name}", list(points_before), list(points)))
        return found

    @property
    def about(self) -> dict[str, Json]:
        """The classes and skeletons; the other settings do not change what a label says."""
        return {"class_names": list(self.class_names), "skeleton": {name: list(points) for name, points in self.points.items()}}

    @property
    def properties(self) -> dict[str, str]:
        """The kind, its classes and its settings in the form of a model's file."""
        return {**super().properties, OPTIONS: json.dumps(dict(self.options), ensure_ascii=False)}

    @cached_property
    def labeling(self) -> KeypointLabeling:
        """Form, parsing, consensus and agreement."""
        from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling

        has_boxes = self.options.get("things") == "boxes"
        return KeypointLabeling(self.points, self.sigmas, has_boxes, self.former)

    @cached_property
    def decoding(self) -> KeypointDecoding:
        """Predictions of things."""
        from pipeline_tasks.kinds.keypoints.decode import KeypointDecoding

        return KeypointDecoding(self.points, self.options.get("things") != "boxes", _pairs(self.options.get("edges")))

    @cached_property
    def scoring(self) -> PrecisionScoring[ThingMatches]:
        """Average precision by OKS, and related metrics."""
        from pipeline_tasks.kinds.keypoints.scoring import keypoint_scoring

        return keypoint_scoring(self.labeling, self.changes)

    @cached_property
    def modelling(self) -> KeypointModelling:
        """A head of poses on feature maps; its views are mirrored only if each class says which points then change places."""
        from pipeline_tasks.kinds.keypoints.modelling import KeypointModelling

        pairs = _pairs(self.options.get("mirrored_pairs"))
        return KeypointModelling(self.points, self.sigmas, pairs if set(pairs) == set(self.class_names) else None)

    @cached_property
    def choosing(self) -> KeypointChoosing:
        """Images by the class of their rarest thing."""
        from pipeline_tasks.kinds.keypoints.choosing import KeypointChoosing

        return KeypointChoosing(self.class_names, self.changes)

    @cached_property
    def reporting(self) -> ObjectReporting:
        """Figures, and missed, extra, swapped and badly placed things."""
        from pipeline_tasks.kinds.keypoints.reporting import keypoint_reporting

        return keypoint_reporting(self.labeling, _pairs(self.options.get("edges")))


def _mapping(value: Json) -> Mapping[str, Json]:
    """A section by class, as JSON keeps it."""
    return value if isinstance(value, Mapping) else NO_FIELDS


def _pairs(value: Json) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Class → pairs of points, as JSON keeps it."""
    return {name: tuple(_names(pair) for pair in pairs) for name, pairs in _mapping(value).items() if isinstance(pairs, Sequence)}


def _names(value: Json) -> tuple[str, ...]:
    """A list of names, as JSON keeps it."""
    return tuple(str(name) for name in value) if isinstance(value, Sequence) else ()
