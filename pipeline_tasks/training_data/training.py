"""Training of one cycle's candidate: a whole network, or a head in the form of its label kind, on embeddings or feature maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import NothingTrained
from pipeline_tasks.training_data.embedding_training import EmbeddingTraining
from pipeline_tasks.training_data.map_training import MapsTraining
from pipeline_tasks.training_data.network_training import NetworkTraining
from pipeline_tasks.training_data.version_images import VersionImages

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.models.candidate import Candidate
    from pipeline_tasks.models.journal import Journal
    from pipeline_tasks.models.training import Outcome
    from pipeline_tasks.networks.network import Network
    from pipeline_tasks.records.augmentation_effect import AugmentationEffect
    from pipeline_tasks.training_data.starting_point import StartingPoint


class Training(Protocol):
    """One training; its data are gathered when it runs."""

    @property
    def view_recipe(self) -> str:
        """Digest of all that the augmented views depend on, beside the images."""
        ...

    @property
    def recipe(self) -> str:
        """Digest of all that the training depends on; checkpoints of another one are ignored."""
        ...

    @property
    def backbone_digest(self) -> str:
        """Digest of the network below the head."""
        ...

    @property
    def start(self) -> StartingPoint | None:
        """Weights that it starts from; None in projects whose trainings always start from scratch."""
        ...

    @property
    def views(self) -> int:
        """Augmented views of each training image."""
        ...

    def epochs_of(self, phase: str) -> int:
        """Most epochs of a phase whose end is worth foretelling; 0 for others."""
        ...

    def run(self, journal: Journal, folder: Path) -> Outcome:
        """Gather the data and train; imports torch. `folder` is scratch."""
        ...

    def effects(self) -> list[AugmentationEffect]:
        """Effect of each augmentation alone on training images; empty if that is not judged."""
        ...

    def candidate(self, outcome: Outcome) -> Candidate:
        """The candidate of an outcome, with its origin."""
        ...


def training_of(images: VersionImages, backbone: Backbone, network: Network | None = None) -> Training:
    """The training of a version's images; with a network, of all of it.

    Raises:
        SettingsError: the kind's models need feature maps, and the backbone has none.
        ModelError: the kind trains nothing; `build_dataset_version` has decided so before.
    """
    modelling = images.kind.modelling
    if isinstance(modelling, NothingTrained):
        raise ModelError(f"label_kind {images.kind.name}: nothing is trained: {modelling.why}")
    if network is not None:
        assert isinstance(modelling, MapModelling), "a network checks its label kind"
        return NetworkTraining(images, modelling, network)
    if isinstance(modelling, MapModelling):
        return MapsTraining(images, modelling, backbone)
    return EmbeddingTraining(images, modelling, backbone)
