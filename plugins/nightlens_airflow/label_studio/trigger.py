"""Trigger that waits until enough tasks of a Label Studio project are annotated, through the server's shared poller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timezone

from airflow.triggers.base import BaseTrigger, TriggerEvent

from nightlens_airflow.label_studio.polling import poller_of_connection
from pipeline_tasks.clients.label_studio_poller import RoundSeen
from pipeline_tasks.errors import NightlensError, ServiceUnavailableError
from pipeline_tasks.json_values import JsonObject

Look = Callable[[str, int, str | None, float], Awaitable[RoundSeen]]


class LabelStudioAnnotatedTrigger(BaseTrigger):
    """Fires once: enough tasks are annotated, the deadline has passed, or the project is gone. The sensor then checks again."""

    def __init__(
        self,
        *,
        label_studio_conn_id: str,
        project_id: int,
        batch: str | None,
        tasks_wanted: int,
        poke_interval: float,
        deadline: str | None,
    ) -> None:
        """Wait for so many annotated tasks of a batch, or of the whole project; `deadline` is an ISO time."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.label_studio_conn_id, self.project_id, self.batch = label_studio_conn_id, project_id, batch
        self.tasks_wanted, self.poke_interval, self.deadline = tasks_wanted, poke_interval, deadline
        self.look: Look = look

    def serialize(self) -> tuple[str, JsonObject]:
        """Class path and arguments from which another triggerer recreates this trigger; no secret is among them."""
        names = ("label_studio_conn_id", "project_id", "batch", "tasks_wanted", "poke_interval", "deadline")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Check at each pass of the poller."""
        while not await self._is_over():
            continue
        yield TriggerEvent({"project_id": self.project_id})  # type: ignore[no-untyped-call]

    async def _is_over(self) -> bool:
        checking = self.look(self.label_studio_conn_id, self.project_id, self.batch, self.poke_interval)
        try:
            seen = await asyncio.wait_for(checking, self._left_s())
        except TimeoutError:
            return True
        except ServiceUnavailableError as error:
            self.log.warning("Label Studio does not respond; next check in %g s: %s", self.poke_interval, error)
            return False
        except NightlensError as error:
            self.log.warning("Waking the task because of this error: %s", error)
            return True
        return seen.is_gone or seen.answered >= self.tasks_wanted

    def _left_s(self) -> float | None:
        if self.deadline is None:
            return None
        return max(0.0, (datetime.fromisoformat(self.deadline) - datetime.now(timezone.utc)).total_seconds())


async def look(connection_id: str, project_id: int, batch: str | None, every_s: float) -> RoundSeen:
    """The tasks at the next pass of the server's poller."""
    return await (await poller_of_connection(connection_id)).look(project_id, batch, every_s)
