"""Check of a project's `training.fit.freeze_until` against its backbone, before a night spends hours on what then fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.networks.network import open_network
from pipeline_tasks.settings import Project

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone


def check_freezing(project: Project, backbone_of: Callable[[Project], Backbone], home: Path | None) -> None:
    """Refuse a layer that the backbone, or the network's, does not have; imports torch only if the project names a layer.

    Raises:
        SettingsError: there is no such layer; the message lists those that there are.
    """
    layer = project.training.fit.freeze_until
    if layer is None:
        return
    from pipeline_tasks.models.freezing import check_layer

    network = None if home is None else open_network(project, backbone_of(project), home)
    check_layer(backbone_of(project).load_network() if network is None else network.new().backbone, layer)
