"""Notes on failed stages: the cause, and what a person can do, for the night's report and the log."""

from __future__ import annotations

import logging

from pipeline_tasks.errors import NightlensError, ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.process import NIGHTLY
from pipeline_tasks.records.stage_failure import StageFailure
from pipeline_tasks.wiring.services import Services

FROZEN = "The project file has changed since this night began, but settings are frozen for this night; start a new one."
_NOTED = {stage.name for stage in NIGHTLY} - {"open_cycle", "write_cycle_report"}

logger = logging.getLogger(__name__)


def explain_failure(services: Services, stage: str, error: Exception) -> None:
    """Keep cause and remedy for the night's report. A failure to do so is only logged: the error itself matters more.

    The remedy is also a note of the error, for the task's log: it speaks of tasks, which the command line does not have.
    """
    if stage not in _NOTED:
        return
    from pipeline_tasks.storage.history.stage_failures import note_failure

    try:
        remedy = _remedy(services, error)
        if remedy == FROZEN:
            logger.warning("%s", remedy)
        else:
            error.add_note(remedy)
        failure = StageFailure(stage, type(error).__name__, str(error) or type(error).__name__, remedy)
        note_failure(services.store.objects, services.cycle_id, failure)
    except NightlensError as other:
        logger.warning("the failure of %s cannot be noted for the report: %s", stage, other)


def _remedy(services: Services, error: Exception) -> str:
    if isinstance(error, NightlensError) and _has_changed(services):
        return FROZEN
    if isinstance(error, SettingsError):
        return (
            "Correct what the message names. A connection or a token counts when the failed task is cleared; the project file "
            "counts for a new night only, because settings are frozen for this night."
        )
    if isinstance(error, ServiceUnavailableError):
        return "Once it can be reached again, clear the failed task; the night continues where it stopped."
    if isinstance(error, ServiceRefusedError):
        return "Correct what the service refuses, then clear the failed task; the night continues where it stopped."
    if isinstance(error, NightlensError):
        return "Correct what the message names, then clear the failed task; the night continues where it stopped."
    return "Nightlens does not expect this error: read the task's log, then clear the failed task."


def _has_changed(services: Services) -> bool:
    """Return True if the project file differs from what this cycle froze, or cannot be read any more."""
    from pipeline_tasks.stages.ingest.open_cycle import with_arguments

    frozen = services.cycle
    try:
        return with_arguments(services.project, frozen.arguments) != frozen.project
    except SettingsError:
        return True
