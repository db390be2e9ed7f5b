"""Trigger that polls a labeling round until it is released, so that the wait for annotators holds no worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timezone

from airflow.triggers.base import BaseTrigger, TriggerEvent

from pipeline_tasks.errors import NightlensError, ServiceUnavailableError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.cycle import utc
from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary

Look = Callable[[str, str, str], Awaitable[WaitForAnnotatorsSummary]]
"""Project, cycle_id, run_key → summary of one check."""


class WaitForAnnotatorsTrigger(BaseTrigger):
    """Fires once, when the round is released: enough tasks are annotated, or its deadline has passed.

    Level-triggered: each check reads the current state, so a restart, a second copy and a second event change nothing.
    It only wakes the sensor, which checks again. Its arguments contain no secret: connections are read at each check.
    """

    def __init__(self, *, project: str, cycle_id: str, run_key: str, deadline: str, ask_every_s: float) -> None:
        """Wait for this cycle's round; `deadline` is an ISO time."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.project = project
        self.cycle_id = cycle_id
        self.run_key = run_key
        self.deadline = deadline
        self.ask_every_s = ask_every_s
        self.look: Look = look
        self._said = ""

    def serialize(self) -> tuple[str, JsonObject]:
        """Class path and arguments from which another triggerer recreates this trigger."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "project": self.project,
            "cycle_id": self.cycle_id,
            "run_key": self.run_key,
            "deadline": self.deadline,
            "ask_every_s": self.ask_every_s,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Check every `ask_every_s` seconds, first after a pause because the sensor has just checked."""
        while True:
            await asyncio.sleep(self.ask_every_s)
            if await self._is_over():
                yield TriggerEvent({"project": self.project, "cycle_id": self.cycle_id})  # type: ignore[no-untyped-call]
                return

    async def _is_over(self) -> bool:
        """Return True if the sensor should check again."""
        try:
            summary = await self.look(self.project, self.cycle_id, self.run_key)
        except ServiceUnavailableError as error:
            is_late = datetime.now(timezone.utc) >= utc(self.deadline)
            self.log.warning("Label Studio does not respond; next check in %g s: %s", self.ask_every_s, error)
            return is_late
        except NightlensError as error:
            # The sensor will raise the same error in the task, where the retry policy applies.
            self.log.warning("Waking the task because of this error: %s", error)
            return True
        self._say(summary)
        return summary.is_released

    def _say(self, summary: WaitForAnnotatorsSummary) -> None:
        """Log the progress whenever it changes: while the task waits, this log is the task's."""
        said = "\n".join([summary.why, *(f"Mind: {one}" for one in summary.form_differences)])
        if said != self._said:
            self._said = said
            self.log.info("%s", said)


async def look(project: str, cycle_id: str, run_key: str) -> WaitForAnnotatorsSummary:
    """Run the stage once, in a thread, because it uses HTTP and files and the event loop serves all triggers."""
    from nightlens_airflow.endpoints import read_endpoints_in_trigger
    from pipeline_tasks.wiring.arguments import StageArguments
    from pipeline_tasks.wiring.run import run_stage

    endpoints = await read_endpoints_in_trigger(project)
    arguments = StageArguments(run_key=run_key)
    summary = await asyncio.to_thread(run_stage, "wait_for_annotators", project, cycle_id, arguments, endpoints)
    assert isinstance(summary, WaitForAnnotatorsSummary)
    return summary
