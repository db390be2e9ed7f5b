"""Protocol of a whole network, and the opener of a project's network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapTraining
from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.registries import NETWORKS

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.settings import Project, TrainingSettings


class Network(Protocol):
    """An open network for one label kind and images of one side. torch is imported in `new`, `objective` and `final` alone."""

    @property
    def name(self) -> str:
        """Name in the project file."""
        ...

    @property
    def digest(self) -> str:
        """Digest (64 hexadecimal digits) of all that its training starts from: architecture, weights, preprocessing, side."""
        ...

    @property
    def side_px(self) -> int:
        """Side of the model-size images that it takes."""
        ...

    @property
    def rate_ratio(self) -> float:
        """Usual learning rate of its pretrained part against that of the new one."""
        ...

    def placed(self, objects: Any, placement: Placement) -> npt.NDArray[Any]:
        """Target of an image (objects as the kind's modelling gives them) in one view: an array of a shape that all views share."""
        ...

    def training(self, settings: TrainingSettings, train: Sequence[Any], val: Sequence[Any]) -> MapTraining:
        """Length and steps of a training on the objects of these training and validation images."""
        ...

    def new(self) -> WholeNetwork:
        """The network before its training: uint8 N x side x side x 3 → a tensor; new weights are drawn from torch's generator."""
        ...

    def objective(self) -> Objective:
        """Loss and validation metrics."""
        ...

    def final(self, network: nn.Module) -> nn.Module:
        """A trained network as it is exported: uint8 N x side x side x 3 → a tuple of the outputs that the kind decodes."""
        ...


class OpensNetwork(Protocol):
    """Entry of `NETWORKS`."""

    def check_kind(self, kind: Kind) -> None:
        """Check that the network suits the label kind.

        Raises:
            SettingsError: it does not; the message says what to do.
        """
        ...

    def check_weights(self, weights: Path | None) -> None:
        """Check without torch that its weights are there.

        Raises:
            SettingsError: they are not, or are of another network; the message says what to do.
        """
        ...

    def open(self, kind: Kind, weights: Path | None, backbone: Backbone, side_px: int) -> Network:
        """Open the network; both checks have passed."""
        ...


def open_network(project: Project, backbone: Backbone, home: Path) -> Network | None:
    """Open the network of a project; None if its models are heads on a frozen backbone.

    Raises:
        SettingsError: as of `check_network`, or the backbone has no feature maps and the network wants them.
    """
    if project.network is None:
        return None
    check_network(project, home)
    opener = NETWORKS.load(project.network.name)
    return opener.open(kind_of(project), _weights(project, home), backbone, project.backbone.map_side_px)


def check_network(project: Project, home: Path | None) -> None:
    """Check that the project's network suits its label kind, and, with a home, that its weights are there.

    Raises:
        SettingsError: it does not, or they are not; the message says what to do.
    """
    if project.network is None:
        return
    opener = NETWORKS.load(project.network.name)
    opener.check_kind(kind_of(project))
    if home is not None:
        opener.check_weights(_weights(project, home))


def _weights(project: Project, home: Path) -> Path | None:
    assert project.network is not None, "asked for a project with a network"
    return None if project.network.weights is None else home / project.network.weights


def other_kind(name: str, wanted: str, kind: Kind) -> SettingsError:
    """The refusal of a label kind that a network is not for."""
    options = "".join(f" with {key}: {value}" for key, value in kind.options.items())
    return SettingsError(
        f"network.name: {name} is for {wanted}, found label_kind {kind.name}{options}; leave the section `network` out, and a head "
        "on the backbone is trained"
    )
