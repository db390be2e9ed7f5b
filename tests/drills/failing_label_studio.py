"""A stand-in Label Studio that fails as real ones do: loses answers, goes on after a 504, imports half, shows late, dies."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from stand_in_label_studio import StandInLabelStudio

FAULTS = ("lost_answer", "refused", "goes_on", "half", "shown_late", "killed", "reset")
"""The answer of done work is lost; 504 and nothing is done; 504 and it is done later; half is done; all is done and shown later;
the client dies after the work; the connection breaks before it."""


class KilledError(BaseException):
    """The process of the client is killed here."""


class FailingLabelStudio(StandInLabelStudio):
    """Each request fails with probability `fault_ratio`, by a seeded draw; `calm` ends that."""

    def __init__(self, seed: int, fault_ratio: float) -> None:
        super().__init__()
        self._draws, self.fault_ratio = random.Random(seed), fault_ratio
        self._later: list[tuple[int, Callable[[], None]]] = []
        self.hidden: set[int] = set()
        """Tasks that are there and are not listed yet."""
        self.clock_step = timedelta(seconds=1)
        self.hit: dict[str, int] = {}
        """Fault → times it struck."""

    def calm(self) -> None:
        """Finish what goes on, show all, and fail no more."""
        self.fault_ratio = 0.0
        for _, work in self._later:
            work()
        self._later.clear()

    def handle(self, request: httpx.Request) -> httpx.Response:
        self._come_to_pass()
        if self._draws.random() >= self.fault_ratio:
            return super().handle(request)
        fault = self._draws.choice(FAULTS)
        self.hit[fault] = self.hit.get(fault, 0) + 1
        return self._fail(fault, request)

    def backup(self) -> tuple[Any, ...]:
        """A copy of all that is there, as of a database; numbers go back with it."""
        return copy.deepcopy((self.projects, self.tasks, self.views, self._last_id))

    def restore(self, kept: tuple[Any, ...]) -> None:
        self.projects, self.tasks, self.views, self._last_id = copy.deepcopy(kept)

    def _fail(self, fault: str, request: httpx.Request) -> httpx.Response:
        is_import = request.url.path.endswith("/import")
        if fault == "refused":
            return httpx.Response(504)
        if fault == "reset":
            raise httpx.ConnectError("reset")
        if fault in ("goes_on", "half", "shown_late") and is_import:
            return self._strange_import(fault, request)
        answer = super().handle(request)
        if fault == "killed":
            raise KilledError
        if fault == "lost_answer" or request.method != "GET":
            raise httpx.ReadTimeout("lost")
        return answer

    def _strange_import(self, fault: str, request: httpx.Request) -> httpx.Response:
        project, tasks = int(request.url.path.split("/")[3]), json.loads(request.content)
        if fault == "goes_on":
            self._after(self._draws.randint(1, 40), lambda: self._carry_out(project, tasks))
        elif fault == "half":
            self._carry_out(project, tasks[: len(tasks) // 2])
        else:
            before = set(self.tasks)
            self._carry_out(project, tasks)
            late = set(self.tasks) - before
            self.hidden |= late
            self._after(self._draws.randint(1, 40), lambda: self.hidden.difference_update(late))
        return httpx.Response(504)

    def _carry_out(self, project: int, tasks: list[dict[str, Any]]) -> None:
        if project in self.projects:
            self._import(project, tasks)

    def _after(self, requests: int, work: Callable[[], None]) -> None:
        self._later.append((len(self.requests) + requests, work))

    def _come_to_pass(self) -> None:
        due = [one for one in self._later if one[0] <= len(self.requests)]
        self._later = [one for one in self._later if one not in due]
        for _, work in due:
            work()

    def _tick(self) -> str:
        self.now += self.clock_step
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _tasks_of(self, project: int) -> list[dict[str, Any]]:
        return [task for task in super()._tasks_of(project) if task["id"] not in self.hidden]
