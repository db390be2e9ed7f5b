"""One poller a Label Studio server: any number of waiting rounds cost a request for all, and one for each round that moved."""

from __future__ import annotations

import asyncio
import hashlib
import json
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline_tasks.clients.label_studio_async import AsyncConnection
from pipeline_tasks.clients.label_studio_filters import IS_ANNOTATED, in_round
from pipeline_tasks.errors import NightlensError, ServiceUnavailableError
from pipeline_tasks.json_values import JsonObject

_FIELDS = "id,task_number,total_annotations_number,skipped_annotations_number,finished_task_number,label_config"
_PAGE = 100
"""Label Studio's own limit."""
_TRUSTED_PASSES = 10
"""Passes after which a round is asked for even if the counts of its project are the same: an answer may have gone for another."""


@dataclass(frozen=True)
class RoundSeen:
    """A round, or a whole project, as the poller saw it last."""

    tasks: int
    """Tasks of the whole project."""
    answered: int
    """Tasks that were annotated or skipped."""
    form: str
    """Digest of the labeling form as it stands."""
    is_gone: bool = False
    """The project was deleted."""


@dataclass(frozen=True)
class _ProjectSeen:
    """Counts and form of a project; digested once a pass, whatever the number of its rounds: forms may be long."""

    tasks: int
    answered: int
    form: str
    moved: str
    """Digest of all of it."""


@dataclass
class _Waiter:
    every_s: float
    coming: asyncio.Future[RoundSeen]


@dataclass
class Poller:
    """All that waits for one server in one event loop."""

    connection: AsyncConnection
    _waiting: dict[tuple[int, str | None], list[_Waiter]] = field(default_factory=dict)
    _seen: dict[tuple[int, str | None], tuple[str, int, RoundSeen]] = field(default_factory=dict)
    """Round → digest of its project's counts, the pass that asked for it, and the outcome."""
    _asked: set[int] = field(default_factory=set)
    """Projects of the pass that runs."""
    _passes: int = 0
    _running: asyncio.Task[None] | None = None
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self, project_id: int, round_id: str | None, every_s: float) -> RoundSeen:
        """The round at the next pass, `every_s` seconds from now or earlier; `round_id` None: all tasks of the project.

        Raises:
            NightlensError: Label Studio could not be asked; the next look may succeed.
        """
        waiter = _Waiter(every_s, asyncio.get_running_loop().create_future())
        self._waiting.setdefault((project_id, round_id), []).append(waiter)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await waiter.coming

    def waits_for(self, project_id: int) -> bool:
        """Return True if somebody waits for this project, or if it is being asked for."""
        return project_id in self._asked or any(waited == project_id for waited, _ in self._waiting)

    def wake(self) -> None:
        """Begin the next pass now, or right after the one that runs, which may have asked too early."""
        self._woken.set()

    async def _run(self) -> None:
        """Pass after pass while anybody waits."""
        while self._waiting:
            await self._pause(min(one.every_s for waiters in self._waiting.values() for one in waiters))
            waiting, self._waiting = self._waiting, {}
            self._asked = {project_id for project_id, _ in waiting}
            self._woken.clear()
            self._passes += 1
            try:
                await self._pass(waiting)
            finally:
                self._asked = set()
                # Whatever ended the pass: nobody waits for ever.
                _fail(waiting, ServiceUnavailableError(f"label_studio: {self.connection.url} was not asked to the end"))

    async def _pass(self, waiting: dict[tuple[int, str | None], list[_Waiter]]) -> None:
        try:
            projects = await self._projects({project_id for project_id, _ in waiting})
        except NightlensError as error:
            _fail(waiting, error)
            return
        for (project_id, round_id), waiters in waiting.items():
            # Telling without asking lets nothing else run, and many hundreds may wait.
            await asyncio.sleep(0)
            await self._tell(project_id, round_id, projects.get(project_id), waiters)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return

    async def _projects(self, wanted: set[int]) -> dict[int, _ProjectSeen]:
        """The counts of these projects, in one request for many."""
        found: dict[int, _ProjectSeen] = {}
        ids = sorted(wanted)
        for start in range(0, len(ids), _PAGE):
            asked = ",".join(map(str, ids[start : start + _PAGE]))
            page = await self.connection.get("api/projects", ids=asked, include=_FIELDS, page_size=_PAGE)
            for one in page["results"]:
                await asyncio.sleep(0)
                found[int(one["id"])] = _project_seen(one)
        return found

    async def _tell(self, project_id: int, round_id: str | None, project: _ProjectSeen | None, waiters: list[_Waiter]) -> None:
        try:
            seen = RoundSeen(0, 0, "", is_gone=True) if project is None else await self._round(project_id, round_id, project)
        except NightlensError as error:
            _fail({(project_id, round_id): waiters}, error)
            return
        for waiter in waiters:
            if not waiter.coming.done():
                waiter.coming.set_result(seen)

    async def _round(self, project_id: int, round_id: str | None, project: _ProjectSeen) -> RoundSeen:
        """The round as it stands; asked for only if something in its project moved."""
        key = (project_id, round_id)
        standing = self._seen.get(key)
        if standing is not None and standing[0] == project.moved and self._passes - standing[1] < _TRUSTED_PASSES:
            return standing[2]
        answered = project.answered
        if round_id is not None:
            query = {"filters": {"conjunction": "and", "items": [in_round(round_id), IS_ANNOTATED]}}
            page = await self.connection.get("api/tasks", project=project_id, query=json.dumps(query), page_size=1, include="id")
            answered = int(page["total"])
        seen = RoundSeen(project.tasks, answered, project.form)
        self._seen[key] = (project.moved, self._passes, seen)
        return seen


def _project_seen(project: JsonObject) -> _ProjectSeen:
    moved = hashlib.sha256(json.dumps(project, sort_keys=True).encode()).hexdigest()
    tasks, answered = int(project["task_number"]), int(project["finished_task_number"])
    return _ProjectSeen(tasks, answered, form_digest(project["label_config"]), moved)


def form_digest(label_config: str) -> str:
    """Digest of a labeling form."""
    return hashlib.sha256(label_config.encode()).hexdigest()


def poller_of(
    url: str, token: str | None, requests_per_minute: float, make: Callable[..., AsyncConnection] = AsyncConnection
) -> Poller:
    """The one poller of this event loop for this server and token."""
    pollers = _POLLERS.setdefault(asyncio.get_running_loop(), {})
    key = (url, token or "", requests_per_minute)
    if key not in pollers:
        pollers[key] = Poller(make(url, token, requests_per_minute=requests_per_minute))
    return pollers[key]


_POLLERS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str, float], Poller]] = weakref.WeakKeyDictionary()


def _fail(waiting: dict[tuple[int, str | None], list[_Waiter]], error: Exception) -> None:
    for waiters in waiting.values():
        for waiter in waiters:
            if not waiter.coming.done():
                waiter.coming.set_exception(error)
