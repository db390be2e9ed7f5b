"""Stages as Airflow tasks: services from connections, a document on the task's page, `skipped` as a pink square."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, Protocol, TypeVar

from airflow.sdk import BaseOperatorLink, XComArg, get_current_context, task
from airflow.sdk.bases.decorator import Task
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.process import STAGES
from pipeline_tasks.wiring.arguments import NO_ARGUMENTS, StageArguments

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def cycle_id_from(task_id: str) -> str:
    """The cycle_id from the task that opened the cycle, as a template, which adds no dependency arrows to the graph."""
    return "{{ ti.xcom_pull(task_ids='" + task_id + "')['cycle_id'] }}"


CYCLE_ID = cycle_id_from("open_cycle")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


def stage_task(**settings: Any) -> Callable[[Callable[Parameters, Result]], Task[Parameters, Result]]:
    """Make a function a task, documented by its docstring and `process`. `settings` are those of any Airflow task."""

    def as_task(function: Callable[Parameters, Result]) -> Task[Parameters, Result]:
        document = stage_document(function.__name__, inspect.getdoc(function) or "")
        return task(multiple_outputs=False, doc_md=document, **settings)(function)

    return as_task


def stage_document(name: str, text: str) -> str:
    """A task's document: the text, then the stage's inputs, outputs and services."""
    stage = STAGES.get(name)
    if stage is None:
        return text
    rows = {"Reads": stage.reads, "Writes": stage.writes, "Talks to": stage.services}
    lines = [f"| {title} | {', '.join(names).replace('_', ' ')} |" for title, names in rows.items() if names]
    return "\n".join([text, "", "| | |", "|---|---|", *lines]) if lines else text


def with_buttons(*links: BaseOperatorLink) -> Callable[[Callable[Parameters, XComArg]], Callable[Parameters, XComArg]]:
    """Add link buttons to a task: Airflow refuses them as an argument of @task, but accepts them on an operator in a DAG."""

    def with_links(stage: Callable[Parameters, XComArg]) -> Callable[Parameters, XComArg]:
        def place_task(*arguments: Parameters.args, **named: Parameters.kwargs) -> XComArg:
            placed = stage(*arguments, **named)
            placed.operator.operator_extra_links = links  # type: ignore[attr-defined]
            return placed

        return place_task

    return with_links


class Try(Protocol):
    """One try of a task."""

    try_number: int
    max_tries: int
    """Number of retries after the first try."""


def is_last_try(task_instance: Try) -> bool:
    """Return True if Airflow will not try the task again after this."""
    return task_instance.try_number > task_instance.max_tries


def run(stage: str, project: str, cycle_id: str, arguments: StageArguments = NO_ARGUMENTS) -> JsonObject:
    """Run one stage and return its summary for XCom.

    Raises:
        AirflowSkipException: the stage had nothing to do; contains the reason.
        NightlensError: any error of the stage; `defaults.RETRY_POLICY` decides about a retry.
    """
    from nightlens_airflow.endpoints import read_endpoints
    from pipeline_tasks.wiring.run import run_stage

    with _remedy_in_log():
        record = run_stage(stage, project, cycle_id, _of_this_run(arguments), read_endpoints(project))
    return _summary(stage, cycle_id, record)


def run_opening(
    stage: str, project: str, cycle_ids: Sequence[str], arguments: StageArguments = NO_ARGUMENTS
) -> tuple[str, JsonObject]:
    """Run a stage that opens its cycle under the first of these names that is free, or continues the cycle that this run opened.

    Raises:
        AirflowSkipException, NightlensError: as `run`.
    """
    from nightlens_airflow.endpoints import read_endpoints
    from pipeline_tasks.wiring.run import run_opening_stage

    with _remedy_in_log():
        cycle_id, record = run_opening_stage(stage, project, cycle_ids, _of_this_run(arguments), read_endpoints(project))
    return cycle_id, _summary(stage, cycle_id, record)


@contextmanager
def _remedy_in_log() -> Iterator[None]:
    """Log what a person can do about an error, which stands in its notes."""
    try:
        yield
    except Exception as error:  # Whatever it is; it goes on.
        for note in getattr(error, "__notes__", ()):
            log.warning("%s", note)
        raise


def skip_this_run(why: str) -> NoReturn:
    """End this task in success and skip all others of its DAG run.

    Raises:
        DownstreamTasksSkipped: always.
    """
    context = get_current_context()
    log.warning("nothing is done in this run: %s", why)
    raise DownstreamTasksSkipped(tasks=[one for one in context["dag"].task_ids if one != context["ti"].task_id])  # type: ignore[no-untyped-call]


def _of_this_run(arguments: StageArguments) -> StageArguments:
    context = get_current_context()
    return replace(arguments, run_key=context["run_id"], is_last_try=is_last_try(context["ti"]))


def _summary(stage: str, cycle_id: str, record: DataclassInstance) -> JsonObject:
    """The stage's summary for XCom; a stage that had nothing to do is a pink square."""
    summary = asdict(record)
    log.info("%s %s: %s", stage, cycle_id, json.dumps(summary, sort_keys=True))
    if summary.get("skipped"):
        get_current_context()["ti"].xcom_push(key="return_value", value=summary)
        raise AirflowSkipException(summary["skipped"])
    return summary
