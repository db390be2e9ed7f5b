"""Open the cycle of a pretraining, and freeze its plan: method, epochs, seed."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id
from pipeline_tasks.records.open_pretraining import OpenPretrainingSummary
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.pretraining import PretrainingSettings
from pipeline_tasks.storage.history.cycles import PRETRAINING, open_manual_cycle
from pipeline_tasks.storage.history.store import Store

STAGE = "open_pretraining"


def open_pretraining(
    store: Store, opening: CycleOpening, method: str | None = None, epochs: int | None = None, seed: int | None = None
) -> OpenPretrainingSummary:
    """Open the cycle, or return its plan if the same run opened it before; None is the project's setting.

    Raises:
        SettingsError: the method is unknown or wants a teacher, or the number of epochs is out of its range.
        CycleTakenError: another run owns this cycle_id.
    """
    standing = store.finished(check_cycle_id(opening.cycle_id), STAGE, OpenPretrainingSummary)
    if standing is not None:
        open_manual_cycle(store, opening, PRETRAINING)
        return standing
    project = _frozen(opening.project, method, epochs)
    cycle = open_manual_cycle(store, replace(opening, project=project), PRETRAINING)
    summary = OpenPretrainingSummary(
        cycle_id=cycle.cycle_id,
        method=project.pretraining.method,
        epochs=project.pretraining.epochs,
        seed=project.seed if seed is None else seed,
    )
    return store.finish(cycle.cycle_id, STAGE, summary)


def _frozen(project: Project, method: str | None, epochs: int | None) -> Project:
    """The project with the run's arguments applied."""
    given = {name: value for name, value in (("method", method), ("epochs", epochs)) if value is not None}
    fields = project.pretraining.model_dump(mode="json") | given
    if fields["method"] != "distillation":
        # One that the file names for its own method is of no use to another.
        fields["teacher"] = None
    try:
        spelled = PretrainingSettings.model_validate(fields)
    except ValidationError as error:
        problem = error.errors()[0]
        raise SettingsError(f"pretraining.{'.'.join(map(str, problem['loc'])) or 'teacher'}: {problem['msg']}") from error
    return project.model_copy(update={"pretraining": spelled})
