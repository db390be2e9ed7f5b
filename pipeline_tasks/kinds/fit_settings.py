"""Check of a project's `training.fit` against its label kind, whose loss may not follow all of it."""

from __future__ import annotations

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import Grouped, NothingTrained
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.fit import DRAWN, USUAL

OF_LABELS = ("loss", "focal_gamma", "label_smoothing", "balance_by", "effective_number_beta")
"""Settings that only losses of labels of whole images follow."""


def check_fit(project: Project) -> None:
    """Refuse settings of the fit that the label kind's training would not follow.

    Raises:
        SettingsError: the kind's loss is its own, its images have no groups, or it trains no model; the message says what to do.
    """
    fit, kind = project.training.fit, project.label_kind
    changed = [name for name in type(fit).model_fields if getattr(fit, name) != getattr(USUAL, name)]
    if not changed:
        return
    modelling = kind_of(project).modelling
    if isinstance(modelling, NothingTrained):
        raise SettingsError(f"training.fit: found {', '.join(changed)}; label_kind {kind} trains no model. Leave it out")
    if isinstance(modelling, MapModelling):
        for name in sorted(set(changed) & set(OF_LABELS)):
            raise SettingsError(
                f"training.fit.{name}: found {getattr(fit, name)}; label_kind {kind} has a loss of its own. Leave it out"
            )
    elif fit.start_from != "scratch" and not project.training.unfreeze_epochs:
        raise SettingsError(
            f"training.fit.start_from: found {fit.start_from}; label_kind {kind} fits a head on stored embeddings in seconds, on "
            "validation images, too, so the next one could not be judged on them. Set unfreeze_epochs, or leave it out"
        )
    if fit.balance_by in DRAWN and not isinstance(modelling, Grouped):
        raise SettingsError(
            f"training.fit.balance_by: found {fit.balance_by}; label_kind {kind} does not say how its images are grouped. "
            "Use weights"
        )
