"""Request for a sign-off: the report is written, the question put into words, and the people on call are told once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nightlens_airflow.endpoints import read_endpoints
from nightlens_airflow.links import report_of_night
from nightlens_airflow.reminding import Message, tell
from nightlens_airflow.stage_task import run

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.execution_time.hitl import HITLUser

    from pipeline_tasks.records.cycle import Cycle
    from pipeline_tasks.records.sign_off import SignOffRequest
    from pipeline_tasks.storage.history.store import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """Request as Airflow's page shows it."""

    subject: str
    body: str
    """Markdown."""
    people: list[HITLUser] | None
    """Users who may reply; None: all who may edit the run."""


def prepare_request(context: Context, project: str, cycle_id: str, link: Callable[..., str]) -> Request:
    """The request with the report beside it; people are told if nobody was. `link` gives the address of the task's page."""
    from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
    from pipeline_tasks.reports.sign_off import request_title, request_words
    from pipeline_tasks.storage.history.sign_off_requests import standing_request
    from pipeline_tasks.wiring.run import open_services

    run("write_cycle_report", project, cycle_id)
    with open_services(project, cycle_id, read_endpoints(project)) as services:
        cycle, store = services.cycle, services.store
        compared, request = store.summary(cycle_id, CompareWithChampionSummary), standing_request(store.objects, cycle_id)
        assert request is not None, "the stage has made the request"
        report = report_of_night(project, cycle_id)
        title = request_title(project, cycle_id, compared)
        body = request_words(compared, request.deadline_at, report, cycle.project.time_zone)
        _tell_once(context, store, cycle, request, Message(title, f"{title} {compared.why}", _address(context, link), **_WORDS))
    people: list[HITLUser] = [{"id": one, "name": one} for one in cycle.project.autonomy.people]
    return Request(title, body, people or None)


_WORDS: dict[str, Any] = {"link": "Approve or reject", "name": "sign_off_request"}


def _tell_once(context: Context, store: Store, cycle: Cycle, request: SignOffRequest, message: Message) -> None:
    """Tell the people on call, and note it; a way that fails never fails the night."""
    from pipeline_tasks.storage.history.sign_off_requests import note_request

    settings = cycle.project.autonomy.notify
    if settings is None or request.told:
        return
    outcome = tell(context, settings, message)
    told = [way for way, problem in outcome.items() if problem is None]
    failed = [f"{way}: {problem}" for way, problem in outcome.items() if problem is not None]
    note_request(store.objects, cycle.cycle_id, replace(request, told=told, failed=failed))
    logger.info("the request was told over %s", ", ".join(told) or "no way")


def _address(context: Context, link: Callable[..., str]) -> str | None:
    """The address of the task's page; None if Airflow does not know its own (`api.base_url`)."""
    try:
        return link(task_instance=context["ti"])
    except ValueError:
        return None
