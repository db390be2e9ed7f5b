"""Opens label kinds by name: from a project, from a dataset version, from a model's file. `registries` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.registries import KINDS

if TYPE_CHECKING:
    # The prediction server opens kinds in an environment that has nothing to read settings with.
    from pydantic import BaseModel

    from pipeline_tasks.settings import Project

FIRST_KIND = "class"
"""The kind of models whose file does not name one: there was no other."""


def kind_of(project: Project) -> Kind:
    """The kind of a project, opened for its settings."""
    return open_kind(project.label_kind, {"classes": project.classes})


def open_kind(name: str, settings: Mapping[str, Any]) -> Kind:
    """Open a kind for its keys of a project file.

    Raises:
        SettingsError: no kind of this name, or wrong settings.
    """
    return KINDS.load(name).from_settings(settings)


def kind_of_version(about: Mapping[str, Any]) -> Kind:
    """The kind of a dataset version, by what its index says.

    Raises:
        SettingsError: no kind of this name.
    """
    return KINDS.load(str(about["label_kind"])).from_about(about)


def kind_of_model(properties: Mapping[str, str]) -> Kind:
    """The kind of a model, by what its file says.

    Raises:
        SettingsError: no kind of this name.
        KeyError, ValueError, TypeError: the file keeps nothing of its kind, or something else.
    """
    return KINDS.load(properties.get("nightlens_label_kind", FIRST_KIND)).from_properties(properties)


def answer_models() -> dict[str, type[BaseModel]]:
    """The fields of an answer of each kind, by its name."""
    return {name: opener.answer_model() for name, opener in KINDS.load_all()}
