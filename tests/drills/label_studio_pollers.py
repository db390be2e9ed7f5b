"""500 deferred rounds in one event loop on one Label Studio, with faults; `make drill-label-studio-pollers`.

Runs the real trigger, connection and poller. Says how many requests a minute the server got, the longest time that the event loop
was blocked, by the clock and in processor time of its thread, and how many triggers failed. The clock also counts the time in which
a busy machine runs other processes, so that the limit is one of processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import httpx
import structlog
from nightlens_airflow.wait_for_annotators_trigger import WaitForAnnotatorsTrigger

from pipeline_tasks.clients.label_studio_async import AsyncConnection
from pipeline_tasks.clients.label_studio_poller import Poller, RoundSeen, form_digest

CLASSES = 1_000
FORM = "".join(f'<Choice value="class {number}" background="#336699" hotkey="{number}"/>' for number in range(CLASSES))
"""A form as large as the largest projects have, which each poll reads."""


@dataclass
class Server:
    """Projects with rounds that people answer as time goes by; one request in ten fails."""

    projects: int
    rounds: int
    done_after_s: float
    fault_ratio: float = 0.1
    asked_at: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    draws: random.Random = field(default_factory=lambda: random.Random(1))

    def answered(self, number: int) -> int:
        """Answers in a round: none at first, all after a while, at another time for each."""
        return 10 if time.monotonic() - self.began > self.done_after_s * (0.5 + number / self.rounds / 2) else 0

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked_at.append(time.monotonic())
        await asyncio.sleep(0.002)
        if self.draws.random() < self.fault_ratio:
            if self.draws.random() < 0.5:
                raise httpx.ReadTimeout("slow")
            return httpx.Response(503)
        if request.url.path == "/api/projects":
            ids = [int(one) for one in request.url.params["ids"].split(",")]
            return httpx.Response(200, json={"results": [self._project(number) for number in ids]})
        query = json.loads(request.url.params["query"])
        number = int(query["filters"]["items"][0]["value"].split("-")[1])
        return httpx.Response(200, json={"total": self.answered(number), "tasks": []})

    def _project(self, project: int) -> dict[str, Any]:
        mine = [number for number in range(self.rounds) if number % self.projects == project]
        answered = sum(self.answered(number) for number in mine)
        counts = {"task_number": 10 * len(mine), "total_annotations_number": answered, "skipped_annotations_number": 0}
        return {"id": project, "label_config": FORM, "finished_task_number": answered} | counts


@dataclass(frozen=True)
class Outcome:
    """Counts of a run."""

    fired: int
    failed: int
    requests: int
    most_in_a_minute: float
    """Requests in the busiest stretch of a tenth of the limit's minute, by the minute."""
    longest_block_s: float
    """Longest time between two turns of the event loop, by the clock."""
    longest_work_s: float
    """Most processor time that the loop's thread used between two turns."""
    longest_step_s: float
    """Most processor time of one step, without Python's collections of garbage."""
    longest_collection_s: float
    """Most processor time of one collection of garbage, which grows with all that the process has imported."""


LONGEST_WORK_S = 0.2


@dataclass
class Turns:
    """Turns of an event loop, measured."""

    waited_s: list[float] = field(default_factory=list)
    worked_s: list[float] = field(default_factory=list)
    longest_step_s: float = 0.0
    longest_collection_s: float = 0.0
    _collected_s: float = 0.0
    _collecting_since: float = 0.0

    async def watch(self) -> None:
        """Note how late each short sleep wakes up, and the processor time of this thread until then."""
        while True:
            began, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.005)
            self.waited_s.append(time.perf_counter() - began - 0.005)
            self.worked_s.append(time.thread_time() - worked)

    @contextmanager
    def steps(self) -> Iterator[None]:
        """Measure each step of the loop by itself."""
        plain = asyncio.events.Handle._run

        def measured(handle: asyncio.Handle) -> None:
            began, collected_s = time.thread_time(), self._collected_s
            plain(handle)
            took_s = time.thread_time() - began - (self._collected_s - collected_s)
            self.longest_step_s = max(self.longest_step_s, took_s)

        gc.callbacks.append(self._note_collection)
        with mock.patch.object(asyncio.events.Handle, "_run", measured):
            yield
        gc.callbacks.remove(self._note_collection)

    def _note_collection(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collecting_since = time.thread_time()
            return
        took_s = time.thread_time() - self._collecting_since
        self._collected_s += took_s
        self.longest_collection_s = max(self.longest_collection_s, took_s)


def main(words: list[str] | None = None) -> int:
    """Run the drill; 0 if no trigger failed, no turn of the loop worked over 0.2 s, and the limit of requests held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--projects", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--per-minute", type=float, default=600.0)
    arguments = parser.parse_args(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    outcome = asyncio.run(wait_for_all(arguments.rounds, arguments.projects, arguments.seconds, arguments.per_minute))
    say(
        f"{arguments.rounds} rounds in {arguments.projects} projects, at most {arguments.per_minute:g} requests a minute: {outcome}"
    )
    is_fine = outcome.fired == arguments.rounds and outcome.failed == 0
    return (
        0 if is_fine and outcome.longest_work_s <= LONGEST_WORK_S and outcome.most_in_a_minute <= arguments.per_minute * 1.05 else 1
    )


async def wait_for_all(rounds: int, projects: int, seconds: float, per_minute: float, every_s: float = 2.0) -> Outcome:
    """Start all triggers at once and wait for their events."""
    server = Server(projects, rounds, seconds)
    connection = AsyncConnection(
        "http://ls", "a" * 40, requests_per_minute=per_minute, transport=httpx.MockTransport(server.handle)
    )
    poller = Poller(connection)
    turns = Turns()
    with turns.steps():
        watch = asyncio.create_task(turns.watch())
        running = []
        for number in range(rounds):
            # Airflow's triggerer, too, lets the loop turn between two triggers.
            await asyncio.sleep(0)
            running.append(asyncio.create_task(_fired(a_trigger(number, projects, poller, every_s).run())))
        outcomes: list[int | BaseException] = []
        for task in running:
            outcomes += await asyncio.gather(task, return_exceptions=True)
        watch.cancel()
    await connection.close()
    failed = [one for one in outcomes if isinstance(one, BaseException)]
    return Outcome(
        fired=len(outcomes) - len(failed),
        failed=len(failed),
        requests=len(server.asked_at),
        most_in_a_minute=busiest(server.asked_at),
        longest_block_s=round(max(turns.waited_s), 4),
        longest_work_s=round(max(turns.worked_s), 4),
        longest_step_s=round(turns.longest_step_s, 4),
        longest_collection_s=round(turns.longest_collection_s, 4),
    )


def a_trigger(number: int, projects: int, poller: Poller, every_s: float) -> WaitForAnnotatorsTrigger:
    """The trigger of one round."""
    deadline = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    trigger = WaitForAnnotatorsTrigger(
        project=f"p{number}",
        cycle_id="2026-11-21",
        deadline=deadline,
        ask_every_s=every_s,
        connection_id="ls",
        label_studio_project_id=number % projects,
        round_id=f"round-{number}",
        tasks=10,
        tasks_wanted=10,
        form=form_digest(FORM),
    )

    async def look(_: str, project_id: int, round_id: str, pause_s: float) -> RoundSeen:
        return await poller.look(project_id, round_id, pause_s)

    trigger.look = look
    return trigger


async def _fired(events: AsyncIterator[Any]) -> int:
    return len([event async for event in events])


def busiest(times: list[float], stretch_s: float = 10.0) -> float:
    """Requests in the busiest stretch, by the minute."""
    most = max(sum(start <= one < start + stretch_s for one in times) for start in times)
    return (most - 1) * 60.0 / stretch_s


def say(line: str, write: Callable[[str], Any] = sys.stdout.write) -> None:
    """Log a line."""
    write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
