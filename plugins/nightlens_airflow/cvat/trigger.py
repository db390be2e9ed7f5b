"""Trigger that waits until enough jobs of a CVAT task are completed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timezone

from airflow.triggers.base import BaseTrigger, TriggerEvent

from nightlens_airflow.cvat.hook import CvatHook
from pipeline_tasks.errors import NightlensError, ServiceUnavailableError
from pipeline_tasks.json_values import JsonObject


class CvatCompletedTrigger(BaseTrigger):
    """Fires once: enough jobs are completed, or the deadline has passed. The sensor then checks again.

    CVAT's SDK blocks, so each check runs in a thread; the event loop is free meanwhile.
    """

    def __init__(
        self, *, cvat_conn_id: str, task_id_in_cvat: int, jobs_wanted: int, poke_interval: float, deadline: str | None
    ) -> None:
        """Wait for so many completed jobs; `deadline` is an ISO time."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.cvat_conn_id, self.task_id_in_cvat, self.jobs_wanted = cvat_conn_id, task_id_in_cvat, jobs_wanted
        self.poke_interval, self.deadline = poke_interval, deadline

    def serialize(self) -> tuple[str, JsonObject]:
        """Class path and arguments from which another triggerer recreates this trigger; no secret is among them."""
        names = ("cvat_conn_id", "task_id_in_cvat", "jobs_wanted", "poke_interval", "deadline")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Check after each pause, because the sensor has just checked."""
        while True:
            await asyncio.sleep(min(self.poke_interval, self._left_s()))
            if self._left_s() <= 0 or await self._is_over():
                break
        yield TriggerEvent({"task_id_in_cvat": self.task_id_in_cvat})  # type: ignore[no-untyped-call]

    async def _is_over(self) -> bool:
        try:
            return await asyncio.to_thread(self.completed) >= self.jobs_wanted
        except ServiceUnavailableError as error:
            self.log.warning("CVAT does not respond; next check in %g s: %s", self.poke_interval, error)
            return False
        except NightlensError as error:
            self.log.warning("Waking the task because of this error: %s", error)
            return True

    def completed(self) -> int:
        """Number of completed jobs."""
        jobs = CvatHook(self.cvat_conn_id).get_conn().jobs(self.task_id_in_cvat)
        return sum(job.state == "completed" for job in jobs)

    def _left_s(self) -> float:
        if self.deadline is None:
            return float("inf")
        return max(0.0, (datetime.fromisoformat(self.deadline) - datetime.now(timezone.utc)).total_seconds())
