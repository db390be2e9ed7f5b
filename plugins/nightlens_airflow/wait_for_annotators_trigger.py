"""Asks again and again whether a labeling round is released, in the triggerer, so that waiting for people holds no worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timezone
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from pipeline_tasks.errors import NightlensError, ServiceUnavailableError
from pipeline_tasks.records.cycle import utc

Look = Callable[[str, str, str], Awaitable[dict[str, Any]]]
"""Project, cycle_id, run_key → the summary of one look."""


class WaitForAnnotatorsTrigger(BaseTrigger):
    """Fires once, when the round is released: enough is answered, or its deadline has passed.

    Level-triggered: each look asks for the state as it is, so a restart, a second copy and a second event change nothing.
    It only wakes the sensor, which looks for itself. Its arguments hold no secret: connections are read at each look.
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

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The mirror of `__init__`: what another triggerer starts this from."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "project": self.project,
            "cycle_id": self.cycle_id,
            "run_key": self.run_key,
            "deadline": self.deadline,
            "ask_every_s": self.ask_every_s,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look every `ask_every_s` seconds. The first look comes after a pause: the sensor has only just looked."""
        while True:
            await asyncio.sleep(self.ask_every_s)
            if await self._is_over():
                yield TriggerEvent({"project": self.project, "cycle_id": self.cycle_id})  # type: ignore[no-untyped-call]
                return

    async def _is_over(self) -> bool:
        """Whether the sensor should look for itself."""
        try:
            summary = await self.look(self.project, self.cycle_id, self.run_key)
        except ServiceUnavailableError as error:
            is_late = datetime.now(timezone.utc) >= utc(self.deadline)
            self.log.warning("Label Studio is away; asking again in %g s: %s", self.ask_every_s, error)
            return is_late
        except NightlensError as error:
            # The sensor will meet the same error in the task's own log, where the retry policy judges it.
            self.log.warning("Waking the task for this: %s", error)
            return True
        return bool(summary["is_released"])


async def look(project: str, cycle_id: str, run_key: str) -> dict[str, Any]:
    """Run the stage once, in a thread: it talks over HTTP and reads files, and the event loop belongs to all triggers."""
    from nightlens_airflow.endpoints import read_endpoints_in_trigger
    from pipeline_tasks.wiring import run_stage

    endpoints = await read_endpoints_in_trigger(project)
    return await asyncio.to_thread(run_stage, "wait_for_annotators", project, cycle_id, endpoints=endpoints, run_key=run_key)
