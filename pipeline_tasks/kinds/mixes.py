"""Check of a project's mixes of training images against its label kind, whose labels may not be mixed so."""

from __future__ import annotations

from pipeline_tasks.augmentations.augmentation import Augmentation, Mix
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.map_modelling import Composing
from pipeline_tasks.kinds.modelling import Sharing
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.registries import AUGMENTATIONS
from pipeline_tasks.settings import Project


def check_mixes(project: Project) -> None:
    """Refuse entries of `training.augmentation` that mix images in a way that the label kind's targets cannot follow.

    Raises:
        SettingsError: the kind cannot be mixed so, and the message says which entries it takes; or a whole network is trained.
    """
    wanted = {name: mix for name in project.training.augmentation or {} if (mix := mix_of(name)) is not None}
    modelling = kind_of(project).modelling if wanted else None
    if wanted and project.network is not None:
        raise SettingsError(
            f"training.augmentation: found {', '.join(wanted)}; views of a whole network (network: {project.network.name}) are not "
            "mixed yet. Leave it out"
        )
    for name, mix in wanted.items():
        if not _follows(modelling, mix):
            fine = [one for one in AUGMENTATIONS.names if (other := mix_of(one)) is not None and _follows(modelling, other)]
            instead = f"Use {' or '.join(fine)} instead, or leave it out" if fine else "Leave it out"
            raise SettingsError(
                f"training.augmentation: found {name}, which mixes images; labels of label_kind {project.label_kind} cannot be "
                f"mixed so. {instead}"
            )


def mix_of(name: str) -> Mix | None:
    """The mix of an entry; None if it changes an image alone."""
    found = AUGMENTATIONS.load(name)
    return found.mix if isinstance(found, Augmentation) else None


def _follows(modelling: object, mix: Mix) -> bool:
    return (mix.for_labels and isinstance(modelling, Sharing)) or (mix.for_places and isinstance(modelling, Composing))
