"""Trigger behind the asset of a project's new images: looks at the sources between nights and holds no worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.new_images import NewImagesSettings
from pipeline_tasks.sources.start_of_a_night import NewImages, Remembered, decide

if TYPE_CHECKING:
    from pipeline_tasks.wiring.endpoints import Endpoints

SHARE_OF_A_CORE = 0.05
"""Largest share that looks may take: after one that took 10 seconds of processor the next one begins 190 seconds later."""
AFTER_AN_ERROR_S = 60.0
MEMORY = "new_images"
"""Key of the trigger's memory in Airflow's store of the asset."""

Look = Callable[[str], Awaitable[tuple[NewImagesSettings, NewImages]]]
"""Project → its settings as they are now, and the state of its sources."""


class NewImagesTrigger(BaseEventTrigger):
    """Fires an event of the asset each time when new images are to start a night; runs as long as the DAG is on.

    Level-triggered: each look reads root and sources anew, so neither a restart nor a second copy nor a lost event does harm. Its
    argument is the project's name, so edited settings count from the next look on; it holds no secret.
    """

    def __init__(self, *, project: str) -> None:
        """Watch the sources of this project."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.project = project
        self.look: Look = SourcesLook()
        self._remembered = Remembered()
        self._said = ""

    def serialize(self) -> tuple[str, JsonObject]:
        """Class path and arguments from which another triggerer recreates this trigger."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"project": self.project}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look again and again, and fire whenever a night is to start."""
        await self._recall()
        while True:
            pause_s = AFTER_AN_ERROR_S
            try:
                settings, seen = await self.look(self.project)
            except Exception as error:  # Whatever it is: a watcher that ends is started again at once, each second.
                self._say(f"cannot look for new images: {type(error).__name__}: {error}", is_trouble=True)
            else:
                pause_s = max(settings.look_every_s, seen.took_s * (1 / SHARE_OF_A_CORE - 1))
                decision = decide(settings, seen, self._remembered, datetime.now(timezone.utc))
                self._say("; ".join([decision.why, *seen.away.values()]), is_trouble=bool(seen.away))
                if decision.starts:
                    yield TriggerEvent({"project": self.project, "why": decision.why})  # type: ignore[no-untyped-call]
                await self._remember(decision.remembered)
            await asyncio.sleep(pause_s)

    async def _recall(self) -> None:
        """Take up the memory of an earlier triggerer."""
        if self.asset_state_store is not None:
            kept = await self.asset_state_store.aget(MEMORY)
            if isinstance(kept, dict):
                self._remembered = remembered_of(kept)

    async def _remember(self, new: Remembered) -> None:
        if new != self._remembered and self.asset_state_store is not None:
            await self.asset_state_store.aset(MEMORY, kept_of(new))
        self._remembered = new

    def _say(self, text: str, *, is_trouble: bool) -> None:
        """Log what is found whenever it changes."""
        if text != self._said:
            self._said = text
            (self.log.warning if is_trouble else self.log.info)("project %s: %s", self.project, text)


class SourcesLook:
    """The look of a running triggerer: in a thread, because it uses HTTP and files and the event loop serves all triggers."""

    def __init__(self) -> None:
        """Open nothing yet."""
        # Imported at the first look of all: a DAG file makes this trigger, too, and reads no table.
        self._looks: Callable[[Project, Endpoints, datetime], NewImages] | None = None

    async def __call__(self, project_name: str) -> tuple[NewImagesSettings, NewImages]:
        """Read the project's file and look once."""
        from nightlens_airflow.endpoints import read_source_endpoints_in_trigger
        from pipeline_tasks.wiring.new_images import NewImagesLook
        from pipeline_tasks.wiring.projects import read_project

        project: Project = await asyncio.to_thread(read_project, project_name)
        endpoints = await read_source_endpoints_in_trigger(project)
        is_first, self._looks = self._looks is None, self._looks or NewImagesLook().look
        took_s, seen = await asyncio.to_thread(_timed, partial(self._looks, project, endpoints, datetime.now(timezone.utc)))
        return project.new_images, seen if is_first else replace(seen, took_s=took_s)


def _timed(look: Callable[[], NewImages]) -> tuple[float, NewImages]:
    """Seconds of processor of this thread, and the outcome. Time on the clock would grow with the load of the machine."""
    began = time.thread_time()
    seen = look()
    return time.thread_time() - began, seen


def kept_of(remembered: Remembered) -> JsonObject:
    """The memory as JSON."""
    return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in asdict(remembered).items()}


def remembered_of(kept: JsonObject) -> Remembered:
    """The memory from JSON; what it lacks is forgotten."""
    first, asked, after = (kept.get(name) for name in ("first_seen_at", "asked_at", "asked_after"))
    return Remembered(_moment(first), _moment(asked), after if isinstance(after, str) else None)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
