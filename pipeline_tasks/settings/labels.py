"""Settings of a project's label kind: its classes, and the section `labels` with the keys that only this kind has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import SerializeAsAny, ValidationInfo
from pydantic.functional_validators import BeforeValidator

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json
from pipeline_tasks.registries import KINDS
from pipeline_tasks.settings.section import NoSettings, Settings

DEFAULT_KIND = "class"


@dataclass(frozen=True)
class KindSettings:
    """All that a project file says about its label kind."""

    classes: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    options: Mapping[str, Json] = field(default_factory=dict)
    """Section `labels` with its defaults, as the kind's settings model checked it."""


def labels_model(label_kind: object) -> type[Settings]:
    """The settings model of a label kind; a model without keys if there is no such kind, which the key `label_kind` says."""
    try:
        return KINDS.load(label_kind).settings_model() if isinstance(label_kind, str) else NoSettings
    except SettingsError:
        return NoSettings


def _settings_of_their_kind(given: object, known: ValidationInfo) -> object:
    """Let the settings model of the project's label kind check the section; an empty one has its defaults."""
    if "label_kind" not in known.data:
        return NoSettings()
    return labels_model(known.data["label_kind"]).model_validate({} if given is None else given)


LabelSettings = Annotated[SerializeAsAny[Settings], BeforeValidator(_settings_of_their_kind)]
