"""Runs of one stage, as Airflow's tasks and the command line make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.process import STAGES
from pipeline_tasks.registry import unknown
from pipeline_tasks.wiring.arguments import NO_ARGUMENTS, StageArguments
from pipeline_tasks.wiring.endpoints import Endpoints, endpoints_from_environment
from pipeline_tasks.wiring.services import Services
from pipeline_tasks.wiring.stages import CALLS

if TYPE_CHECKING:
    from pipeline_tasks.records.reading import StageRecord


def run_stage(
    stage: str, project_name: str, cycle_id: str, arguments: StageArguments = NO_ARGUMENTS, endpoints: Endpoints | None = None
) -> StageRecord:
    """Run one stage of one cycle and return its summary.

    Raises:
        SettingsError: no such stage or project, or a service that the stage needs has no address.
        NightlensError: whatever the stage raises.
    """
    if stage not in STAGES:
        raise SettingsError(unknown("stage", stage, STAGES))
    with open_services(project_name, cycle_id, endpoints) as services:
        return CALLS[stage](services, arguments)


def open_services(project_name: str, cycle_id: str, endpoints: Endpoints | None = None) -> Services:
    """The services of one cycle, for a `with`; the endpoints are those of the environment if none are given."""
    return Services(project_name, cycle_id, endpoints or endpoints_from_environment(project_name))
