"""Open the cycle of a search over training settings, and freeze its plan: trials, seed, space."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.fit_settings import check_fit
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import CycleArguments, CycleOpening, check_cycle_id
from pipeline_tasks.records.open_search import OpenSearchSummary
from pipeline_tasks.search.space import FOR_PLACES, FOR_WHOLE_IMAGES, IDLE_FOR_PLACES, Space
from pipeline_tasks.search.waves import WAVES
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.search import SearchSettings, as_setting, changed_training
from pipeline_tasks.storage.history.cycles import SEARCH, open_manual_cycle
from pipeline_tasks.storage.history.label_kind import check_label_kind
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.training_data.trial_data import searched_modelling

STAGE = "open_search"
FOLDS = 4
"""Parts of the training and validation images that each trial is judged on."""
ALWAYS_TRAIN = CycleArguments(training="force")
"""The version of a search is trained on, whatever labels are new in it."""


def open_search(store: Store, opening: CycleOpening, trials: int | None = None, seed: int | None = None) -> OpenSearchSummary:
    """Open the cycle, or return its plan if the same run opened it before; `trials` and `seed` of None are the project's.

    Raises:
        SettingsError: the label kind trains nothing, or does not follow a setting of the space, or the number of trials is out
            of its range.
        CycleTakenError: another run owns this cycle_id.
    """
    standing = store.finished(check_cycle_id(opening.cycle_id), STAGE, OpenSearchSummary)
    if standing is not None:
        open_manual_cycle(store, opening, SEARCH, ALWAYS_TRAIN)
        return standing
    check_label_kind(store, opening.project)
    project = _frozen(opening.project, trials)
    cycle = open_manual_cycle(store, replace(opening, project=project), SEARCH, ALWAYS_TRAIN)
    summary = OpenSearchSummary(
        cycle_id=cycle.cycle_id,
        trials=project.search.trials,
        waves=WAVES,
        folds=FOLDS,
        seed=project.seed if seed is None else seed,
    )
    return store.finish(cycle.cycle_id, STAGE, summary)


def _frozen(project: Project, trials: int | None) -> Project:
    """The project with the space and the number of trials spelled out, so that a later release's defaults change nothing."""
    search = project.search
    space = _space(project)
    wanted = search.trials if trials is None else trials
    try:
        spelled = SearchSettings(schedule=search.schedule, trials=wanted, space=dict(space))
    except ValidationError as error:
        raise SettingsError(f"trials: {wanted}: {error.errors()[0]['msg']}") from error
    return project.model_copy(update={"search": spelled})


def _space(project: Project) -> Space:
    """Space of the search: the project's own space, or the default of its label kind."""
    if project.network is not None:
        raise SettingsError(
            f"network: found {project.network.name}; the search is for heads on a frozen backbone, as a trial of a whole network "
            "takes as long as several nights' trainings. Leave network out to search"
        )
    is_on_maps = isinstance(searched_modelling(kind_of(project)), MapModelling)
    space = project.search.space
    if space is None:
        return FOR_PLACES if is_on_maps else FOR_WHOLE_IMAGES
    idle = sorted({*space} & {*IDLE_FOR_PLACES}) if is_on_maps else []
    if idle:
        raise SettingsError(
            f"search.space: found {', '.join(idle)}; label_kind {project.label_kind} does not follow it in its training. "
            "Leave it out"
        )
    for key, values in space.items():
        for value in values.choices or (values.low, values.high):
            tried = changed_training(project.training, {key: as_setting(project.training, key, value)})
            check_fit(project.model_copy(update={"training": tried}))
    return space
