"""Opening of label kinds by name, from a project, a dataset version or a model's file. `registries` lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.model_properties import KIND
from pipeline_tasks.registries import KINDS

if TYPE_CHECKING:
    # Imported for types only: the prediction server's environment cannot import settings.
    from pydantic import BaseModel

    from pipeline_tasks.settings import Project

FIRST_KIND = "class"
"""Kind of models whose file does not name one, from before there were other kinds."""


def kind_of(project: Project) -> Kind:
    """Kind of a project, with its settings."""
    return KINDS.load(project.label_kind).from_settings(project.kind_settings)


def kind_of_version(label_kind: str, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> Kind:
    """The kind of a dataset version, by what its index says.

    Raises:
        SettingsError: no kind of this name.
    """
    return KINDS.load(label_kind).from_vocabulary(vocabulary, options)


def kind_of_model(properties: Mapping[str, str]) -> Kind:
    """Kind of a model, from its file.

    Raises:
        SettingsError: no kind of this name.
        KeyError, ValueError, TypeError: the file lacks the kind's fields, or they are invalid.
    """
    return KINDS.load(properties.get(KIND, FIRST_KIND)).from_properties(properties)


def prediction_models() -> dict[str, type[BaseModel]]:
    """Kind name → fields of its predictions."""
    return {name: opener.prediction_model() for name, opener in KINDS.load_all()}
