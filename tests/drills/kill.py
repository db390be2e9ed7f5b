"""Kills the task process, the scheduler and the triggerer with -9, at three moments each of a cycle; `make drill-kill`.

Each cycle runs in a fresh generation of a small project of its own, from the same images and under the same name, with
the round released at 100 % of the answers; it must end in success with the dataset_id of an undisturbed one. What was hit
is logged: task, state, try number, process, before and after. A kill that hit nothing running does not count and is tried again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from demo import figures
from demo.airflow import Airflow, TaskState
from demo.errors import DemoError
from demo.inbox import EXAMPLE, Inbox, parts_inbox
from demo.nightly_run import run_night, why_failed
from demo.preparing import call_team, empty_project, wait_for_prediction_server
from demo.progress import Progress
from demo.team import Team
from demo.truth import read_truth
from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.folders import Folders
from local_stack.processes import is_alive
from local_stack.supervisor import read_state
from pipeline_tasks.wiring.projects import home_folder, read_project
from pipeline_tasks.wiring.roots import open_store

PROJECT, CYCLE_ID = "kill_drill", "2026-11-21T000000"
IMAGES, BUDGET = 120, 60
TRIES = 3


@dataclass(frozen=True)
class Moment:
    """Moment and target of a kill."""

    victim: str
    """`task`, `airflow-scheduler` or `airflow-triggerer`."""
    task_id: str
    """The task that must be under way."""
    answers: int = 0
    """Number of annotations that must have been submitted before."""

    @property
    def name(self) -> str:
        """For the log."""
        return f"kill -9 of the {self.victim} at {self.task_id}" + (f" after {self.answers} answers" if self.answers else "")


MOMENTS = (
    *(Moment("task", task_id) for task_id in ("measure_images", "send_to_labeling", "train_model")),
    *(Moment("airflow-scheduler", task_id) for task_id in ("measure_images", "send_to_labeling", "train_model")),
    *(Moment("airflow-triggerer", "wait_for_annotators", answers) for answers in (0, 20, 45)),
)


@dataclass
class Hit:
    """State before and after a kill."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass
class Drill:
    """Objects that every cycle of the drill needs."""

    home: Path
    addresses: Addresses
    airflow: Airflow
    inbox: Inbox

    @property
    def dag_id(self) -> str:
        """The drill's DAG."""
        return f"nightly__{PROJECT}"

    def cycle(self, moment: Moment | None) -> tuple[str, Hit]:
        """Run a cycle in a fresh generation, kill at the moment; returns its dataset_id and what was hit."""
        outside_name = empty_project(self.inbox, self.home, self.airflow, say)
        self.inbox.fill(1, lambda done, total: None)
        team = call_team(self.addresses, self.home, outside_name)
        killer = Killer(self, team, moment) if moment else None
        try:
            if killer:
                killer.start()
            else:
                team.learn(read_truth(self.inbox.truth_file))
            conf = {"budget": BUDGET, "cycle_id": CYCLE_ID}
            ended = run_night(self.airflow, self.dag_id, conf, Progress(), lambda: self._checked(team))
        finally:
            team.go_home()
            if killer:
                killer.end()
        if ended.state != "success":
            raise DemoError(f"the cycle ended as {ended.state}\n{why_failed(self.airflow, self.dag_id, ended.run_id)}")
        store = open_store(read_project(PROJECT))
        built = store.event(figures.cycle_of_run(store, ended.run_id), "build_dataset_version")
        assert built is not None
        hit = killer.hit if killer else Hit()
        if killer and moment and hit.before:
            tried = [_task(task) for task in self.airflow.tasks(self.dag_id, ended.run_id) if task.task_id == moment.task_id]
            hit.after |= {"run": ended.state, "tasks": tried, "seconds": ended.seconds}
        return str(built.summary["dataset_id"]), hit

    def _checked(self, team: Team) -> str:
        team.check()
        return f"{team.annotated} annotations submitted"


class Killer(threading.Thread):
    """Waits for the moment, kills once, and lets the annotators begin."""

    def __init__(self, drill: Drill, team: Team, moment: Moment) -> None:
        """Kill in this drill's stack."""
        super().__init__(name="killer", daemon=True)
        self._drill, self._team, self._moment = drill, team, moment
        self._airflow = Airflow(drill.addresses.airflow_url, drill.addresses.airflow_user, drill.addresses.airflow_password)
        self._is_over = threading.Event()
        self.hit = Hit()

    def end(self) -> None:
        """Kill nothing any more."""
        self._is_over.set()
        self.join(timeout=90)

    def run(self) -> None:
        """Wait for the task, kill, log."""
        is_about_annotations = self._moment.victim == "airflow-triggerer"
        if not is_about_annotations or self._moment.answers:
            self._team.learn(read_truth(self._drill.inbox.truth_file))
        wanted_state = "deferred" if is_about_annotations else "running"
        while not self.hit.before and not self._is_over.wait(0.1):
            for task in self._tasks():
                is_time = task.task_id == self._moment.task_id and task.state == wanted_state
                if is_time and self._team.annotated >= self._moment.answers and not self.hit.before:
                    self._kill(task)
        self._team.learn(read_truth(self._drill.inbox.truth_file))

    def _tasks(self) -> list[TaskState]:
        try:
            open_runs = self._airflow.open_runs(self._drill.dag_id)
            return self._airflow.tasks(self._drill.dag_id, open_runs[0]) if open_runs else []
        except DemoError:
            return []

    def _kill(self, task: TaskState) -> None:
        pid = task.pid if self._moment.victim == "task" else service_pid(self._drill.home, self._moment.victim)
        if pid is None or not is_alive(pid):
            return
        if self._moment.victim == "airflow-scheduler" and (task.pid is None or not is_alive(task.pid)):
            return
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:60]
        os.kill(pid, signal.SIGKILL)
        self.hit.before = {**_task(task), "killed_pid": pid, "command": command, "answers": self._team.annotated}
        say(f"  hit: {json.dumps(self.hit.before)}")
        self.hit.after = {"new_pid": self._successor(pid)}

    def _successor(self, pid: int) -> int | None:
        """The process that a killed service was started again as."""
        until = time.monotonic() + 60
        while self._moment.victim != "task" and time.monotonic() < until:
            new = service_pid(self._drill.home, self._moment.victim)
            if new is not None and new != pid and is_alive(new):
                return new
            time.sleep(0.2)
        return None


def service_pid(home: Path, service: str) -> int | None:
    """The process of a service of the stack."""
    pid = read_state(Folders.of(home))["services"].get(service, {}).get("pid")
    return None if pid is None else int(pid)


def main() -> int:
    """Run the control and the nine cycles; 0 if every one ended in success with the control's dataset_id."""
    home = home_folder()
    _write_project_file(home)
    inbox = parts_inbox(home, IMAGES, PROJECT)
    stack.up(home, say)
    addresses = wait_for_prediction_server(home, PROJECT)
    drill = Drill(home, addresses, Airflow(addresses.airflow_url, addresses.airflow_user, addresses.airflow_password), inbox)
    say("control: an undisturbed cycle")
    wanted, _ = drill.cycle(None)
    say(f"control: dataset_id {wanted}")
    results = [_until_hit(drill, moment, wanted) for moment in MOMENTS]
    say(f"\n{sum(results)} of {len(MOMENTS)} cycles ended in success with dataset_id {wanted[:16]}")
    return 0 if all(results) else 1


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


def _until_hit(drill: Drill, moment: Moment, wanted: str) -> bool:
    """Repeat a moment until its kill hit something running; whether the cycle came through unchanged."""
    for number in range(1, TRIES + 1):
        say(f"\n{moment.name} (attempt {number})")
        try:
            found, hit = drill.cycle(moment)
        except DemoError as error:
            say(f"  FAILED: {error}")
            return False
        if hit.before:
            say(f"  after: {json.dumps(hit.after)}")
            say(f"  dataset_id {found[:16]} {'as undisturbed' if found == wanted else f'DIFFERS, wanted {wanted[:16]}'}")
            return found == wanted
        say("  the kill hit nothing running: it does not count")
    return False


def _task(task: TaskState) -> dict[str, Any]:
    return {"task": task.task_id, "shard": task.map_index, "state": task.state, "try": task.try_number, "pid": task.pid}


def _write_project_file(home: Path) -> None:
    settings = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    settings["project"], settings["shard_images"] = PROJECT, IMAGES
    settings["sources"] = [{"name": "inbox", "path": f"inbox/{PROJECT}", "settle_s": 0}]
    path = home / "projects" / f"{PROJECT}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
