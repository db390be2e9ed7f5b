"""The label kinds by name, one line each. A kind is loaded when a project of it is opened."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.kind import Kind, KindOpener

if TYPE_CHECKING:
    # The prediction server opens kinds in an environment that has nothing to read settings with.
    from pipeline_tasks.settings import Project

KINDS: dict[str, str] = {
    "class": "pipeline_tasks.kinds.classes.class_kind:ClassKind",
}
"""`label_kind` in the project file → module:class."""


def kind_of(project: Project) -> Kind:
    """The kind of a project, opened for its settings."""
    return open_kind(project.label_kind, {"classes": project.classes})


def open_kind(name: str, settings: Mapping[str, Any]) -> Kind:
    """Open a kind for the keys of a project file.

    Raises:
        SettingsError: no kind of this name, or wrong settings.
    """
    return _opener(name).from_settings(settings)


def kind_of_version(about: Mapping[str, Any]) -> Kind:
    """The kind of a dataset version, by what its index says.

    Raises:
        SettingsError: no kind of this name.
    """
    return _opener(str(about["label_kind"])).from_about(about)


def kind_of_model(properties: Mapping[str, str]) -> Kind:
    """The kind of a model, by what its file says. Files that do not name one are classifiers: the first kind there was.

    Raises:
        SettingsError: no kind of this name.
        KeyError, ValueError, TypeError: the file keeps nothing of its kind, or something else.
    """
    return _opener(properties.get("nightlens_label_kind", "class")).from_properties(properties)


def _opener(name: str) -> KindOpener[Kind]:
    if name not in KINDS:
        raise SettingsError(f"label_kind: unknown kind {name!r}; known: {', '.join(sorted(KINDS))}")
    module, _, attribute = KINDS[name].partition(":")
    opener: KindOpener[Kind] = getattr(importlib.import_module(module), attribute)
    return opener
