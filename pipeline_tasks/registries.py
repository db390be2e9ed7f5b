"""The registries of Nightlens: to add a source, a backbone and so on is one new module and one line here.

Each line names where the thing is; it is imported only when it is asked for, so this module imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.registry import Registry

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import OpensBackbone
    from pipeline_tasks.sources.source import OpensSource

SOURCES: Registry[OpensSource] = Registry(
    "kind of source",
    {"folder": "pipeline_tasks.sources.folder:FolderSource"},
    members=("settings_model", "list_files", "is_at_rest", "read", "metadata"),
)
"""Where images come from: `sources[].kind` in a project file."""

BACKBONES: Registry[OpensBackbone] = Registry(
    "backbone",
    {"efficientnet_lite0": "pipeline_tasks.backbones.efficientnet_lite0:EfficientNetLite0"},
)
"""Networks that turn an image into an embedding: `backbone.name` in a project file."""
