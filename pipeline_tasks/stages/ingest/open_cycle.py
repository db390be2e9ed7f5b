"""Freeze everything a cycle depends on: settings, arguments, seed, time, code version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.fit_settings import check_fit
from pipeline_tasks.kinds.mixes import check_mixes
from pipeline_tasks.kinds.name_changes import unknown_names_of
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.unfreezing import check_unfreezing
from pipeline_tasks.networks.network import check_network
from pipeline_tasks.records.cycle import Cycle, CycleArguments, CycleOpening, check_cycle_id
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.registry import unknown
from pipeline_tasks.selection.strategies.strategy import strategies_in_form
from pipeline_tasks.settings import Project, SelectionSettings
from pipeline_tasks.storage.history.cycles import cycle_seed, record_opening
from pipeline_tasks.storage.history.label_kind import check_label_kind
from pipeline_tasks.storage.history.label_names import label_names
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.generation import read_generation
from pipeline_tasks.training_data.frozen_layers import check_freezing

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone

__all__ = ["STAGE", "OpenCycleSummary", "open_cycle", "with_arguments"]

STAGE = "open_cycle"


def open_cycle(
    store: Store,
    opening: CycleOpening,
    *,
    arguments: CycleArguments | None = None,
    cycle_kind: str = "nightly",
    backbone_of: Callable[[Project], Backbone] | None = None,
    home: Path | None = None,
) -> OpenCycleSummary:
    """Open a cycle, or return its opening if the same run opened it before.

    `backbone_of` opens a project's backbone; it is asked for only where `training.fit.freeze_until` names a layer of it.
    Weights of a network are looked for in `home`.

    Raises:
        SettingsError: the id does not have the form of a cycle_id, the arguments request an invalid selection, the label kind is
            another one than that of the root's annotations, its training cannot follow `training` or `network`, or the backbone
            lacks the layer.
        CycleTakenError: another run owns this cycle_id.
    """
    check_cycle_id(opening.cycle_id)
    arguments = arguments or CycleArguments()
    cycle = Cycle(
        cycle_id=opening.cycle_id,
        cycle_kind=cycle_kind,
        project=with_arguments(opening.project, arguments),
        arguments=arguments,
        generation=read_generation(store.objects),
        seed=cycle_seed(store, opening.project, opening.cycle_id),
        started_at=opening.started_at,
        code_version=opening.code_version,
    )
    standing = store.finished(cycle.cycle_id, STAGE, OpenCycleSummary)
    if standing is None:
        check_label_kind(store, cycle.project)
        check_unfreezing(cycle.project)
        check_fit(cycle.project)
        check_mixes(cycle.project)
        check_network(cycle.project, home)
        if backbone_of is not None:
            check_freezing(cycle.project, backbone_of, home)
    kind = kind_of(cycle.project)
    names = None if standing is not None else unknown_names_of(label_names(store), kind.vocabulary, kind.changes)
    return record_opening(store, cycle, opening.run_key, names)


def with_arguments(project: Project, arguments: CycleArguments) -> Project:
    """The project's settings with this cycle's arguments applied."""
    selection, labeling = project.selection, project.labeling
    if arguments.budget is not None:
        # Who names a number of images for one run means it.
        given = {"budget": arguments.budget, "budget_hours": None, "budget_money": None}
        selection = selection.model_copy(update=given)
    if arguments.control_ratio is not None:
        ratios = dict.fromkeys(("control_ratio", "first_round_control_ratio"), arguments.control_ratio)
        selection = selection.model_copy(update=ratios)
    objectives = _objectives(selection, arguments)
    if objectives is not None:
        selection = selection.model_copy(update={"objectives": objectives})
    if arguments.deadline_s is not None:
        labeling = labeling.model_copy(update={"deadline_s": arguments.deadline_s})
    return project.model_copy(update={"selection": selection, "labeling": labeling})


def _objectives(selection: SelectionSettings, arguments: CycleArguments) -> str | dict[str, float] | None:
    """Strategies requested for this cycle; None for those of the project file.

    A user's own function is code, so it can be requested only if the project file names it.
    """
    if arguments.selection is not None and arguments.selection_weights is not None:
        raise SettingsError("selection: wanted one strategy or weights of several, found both")
    in_file = {selection.objectives} if isinstance(selection.objectives, str) else set(selection.objectives)
    known = sorted(strategies_in_form().keys() | in_file)
    if arguments.selection_weights is None:
        return None if arguments.selection is None else _known(arguments.selection, known)
    weights = {_known(name, known): weight for name, weight in arguments.selection_weights.items()}
    if not weights or "auto" in weights or not all(0 < weight < float("inf") for weight in weights.values()):
        raise SettingsError(f"selection: wanted weights above 0 of strategies other than auto, found {weights}")
    return weights


def _known(name: str, known: list[str]) -> str:
    if name not in known:
        raise SettingsError(f"selection: {unknown('strategy', name, known)}")
    return name
