"""Trigger that waits for a labeling round through the server's shared poller, so that the wait for annotators holds no worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timezone

from airflow.triggers.base import BaseTrigger, TriggerEvent

from nightlens_airflow.label_studio.polling import poller_of_connection
from pipeline_tasks.clients.label_studio_poller import RoundSeen
from pipeline_tasks.errors import NightlensError, ServiceUnavailableError
from pipeline_tasks.json_values import JsonObject

Look = Callable[[str, int, str, float], Awaitable[RoundSeen]]
"""Id of Airflow's connection, Label Studio project, round, seconds between checks → one check."""


class WaitForAnnotatorsTrigger(BaseTrigger):
    """Fires once: enough tasks are annotated, the deadline has passed, or it is time to look at the ledger (`look_again_at`).

    Level-triggered: each check reads the current state, so a restart, a second copy and a second event change nothing.
    It only wakes the sensor, which checks again. Its arguments contain no secret: the connection is read as it goes.
    """

    def __init__(
        self,
        *,
        project: str,
        cycle_id: str,
        deadline: str,
        ask_every_s: float,
        connection_id: str = "",
        label_studio_project_id: int = 0,
        round_id: str = "",
        tasks: int = 0,
        tasks_wanted: int = 0,
        form: str = "",
        run_key: str = "",
        look_again_at: str = "",
    ) -> None:
        """Wait for this cycle's round until one of the ISO times. Without a connection, as 0.1 serialized it, it fires at once."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.project, self.cycle_id, self.run_key = project, cycle_id, run_key
        self.deadline, self.ask_every_s = deadline, ask_every_s
        self.connection_id, self.label_studio_project_id, self.round_id = connection_id, label_studio_project_id, round_id
        self.tasks, self.tasks_wanted, self.form = tasks, tasks_wanted, form
        self.look_again_at = look_again_at
        self.look: Look = look
        self._said = ""

    def serialize(self) -> tuple[str, JsonObject]:
        """Class path and arguments from which another triggerer recreates this trigger."""
        names = ["project", "cycle_id", "deadline", "ask_every_s", "connection_id", "label_studio_project_id", "round_id"]
        names += ["tasks", "tasks_wanted", "form", "run_key", "look_again_at"]
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Check every `ask_every_s` seconds, first after a pause because the sensor has just checked."""
        while self.connection_id and not await self._is_over():
            continue
        yield TriggerEvent({"project": self.project, "cycle_id": self.cycle_id})  # type: ignore[no-untyped-call]

    async def _is_over(self) -> bool:
        """Return True if the sensor should check again."""
        ends_at = min(datetime.fromisoformat(one) for one in (self.deadline, self.look_again_at) if one)
        left_s = (ends_at - datetime.now(timezone.utc)).total_seconds()
        checking = self.look(self.connection_id, self.label_studio_project_id, self.round_id, self.ask_every_s)
        try:
            seen = await asyncio.wait_for(checking, max(0.0, left_s))
        except TimeoutError:
            return True
        except ServiceUnavailableError as error:
            self.log.warning("Label Studio does not respond; next check in %g s: %s", self.ask_every_s, error)
            return False
        except NightlensError as error:
            # The sensor will raise the same error in the task, where the retry policy applies.
            self.log.warning("Waking the task because of this error: %s", error)
            return True
        self._say(f"{min(self.tasks, seen.answered)} of {self.tasks} labeling tasks are annotated")
        return seen.is_gone or seen.form != self.form or seen.answered >= self.tasks_wanted

    def _say(self, text: str) -> None:
        """Log the progress whenever it changes: while the task waits, this log is the task's."""
        if text != self._said:
            self._said = text
            self.log.info("%s", text)


async def look(connection_id: str, project_id: int, round_id: str, every_s: float) -> RoundSeen:
    """The round at the next pass of the server's poller."""
    poller = await poller_of_connection(connection_id)
    return await poller.look(project_id, round_id, every_s)
