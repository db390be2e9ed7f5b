"""Check of a project's `training.unfreeze_epochs`, which only kinds with heads on embeddings can follow."""

from __future__ import annotations

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import NothingTrained
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.settings import Project


def check_unfreezing(project: Project) -> None:
    """Refuse to train the backbone, too, where the label kind's training would not do it.

    Raises:
        SettingsError: the kind's head stands on stored feature maps, or the kind trains no model; the message says what to do.
    """
    epochs = project.training.unfreeze_epochs
    if not epochs:
        return
    modelling = kind_of(project).modelling
    why = ""
    if project.network is not None:
        raise SettingsError(
            f"training.unfreeze_epochs: found {epochs} with network {project.network.name}, whose backbone is trained from the "
            "first epoch on. Set it to 0, and say in training.max_epochs how long"
        )
    if isinstance(modelling, NothingTrained):
        why = "trains no model"
    elif isinstance(modelling, MapModelling):
        why = "trains its head on feature maps that the frozen backbone computed once, so the backbone cannot be trained with it"
    if why:
        raise SettingsError(f"training.unfreeze_epochs: found {epochs}; label_kind {project.label_kind} {why}. Set it to 0")
