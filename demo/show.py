"""The whole demo: two nights of one project, each figure read back from the service that owns it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from demo import figures, table
from demo.ahead import WorkAhead
from demo.airflow import Airflow
from demo.answers import how_they_err
from demo.bucket import bucket_inbox
from demo.errors import DemoError
from demo.inbox import Inbox, open_inbox
from demo.nightly_run import follow_night, run_night, why_failed
from demo.preparing import call_team, empty_project, export_backbone, wait_for_prediction_server
from demo.progress import Progress
from demo.services import Services
from demo.team import Team
from demo.truth import read_truth
from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.folders import Folders
from local_stack.owner import let_stay
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """Options of the demo."""

    images: Path | None = None
    """A folder of labelled images instead of drawn parts."""
    has_annotators: bool = True
    budget: int = 240
    """Labeling budget of each night."""
    images_a_night: int = 600
    """Files drawn each night."""
    nights: int = 2
    is_in_bucket: bool = False
    """Images come into a bucket of the local S3 server, where the root lies, too; they start the nights."""
    kind: str | None = None
    """Label kind: of drawn images one part an image, or boxes or masks of several; None for what the folder holds, or `class`."""


def show(options: Options, home: Path, say: Say) -> None:
    """Run the nights, print the table, write `demo/summary.json`.

    Raises:
        DemoError: a cycle failed, no night promoted a champion, or a service reports another figure than the ledger.
        StackError: a service does not start.
    """
    inbox = open_inbox(home, options.images, options.images_a_night, options.kind, say)
    if options.is_in_bucket:
        inbox = bucket_inbox(inbox, home, options.budget)
    say(f"starting the local stack in {home}")
    with ExitStack() as held:
        held.enter_context(WorkAhead(partial(export_backbone, project=inbox.project)).begin(1))
        held.enter_context(inbox.ahead(options.nights))
        stack.up(home, say, with_s3=options.is_in_bucket)
        # Services stay after the demo, also after an error or Ctrl-C, so that people can look; a killed demo leaves none.
        held.callback(let_stay, Folders.of(home))
        addresses = wait_for_prediction_server(home, inbox.project)
        airflow = Airflow(addresses.airflow_url, addresses.airflow_user, addresses.airflow_password)
        held.callback(airflow.close)
        outside_name = empty_project(inbox, home, airflow, say)
        services = Services(
            addresses.label_studio_url,
            addresses.label_studio_token,
            addresses.mlflow_url,
            addresses.prediction_servers[inbox.project],
        )
        held.callback(services.close)
        team = _team(options, addresses, home, outside_name, read_project(inbox.project).label_kind, say)
        if team is not None:
            held.callback(team.go_home)
        cycles = Cycles(inbox, airflow, services, _store(inbox.project), outside_name, team, say)
        nights = [cycles.run(night, options.budget) for night in range(1, options.nights + 1)]
        _finish(nights, cycles, addresses, home, say)


@dataclass
class Cycles:
    """Objects that every night needs."""

    inbox: Inbox
    airflow: Airflow
    services: Services
    store: Store
    outside_name: str
    team: Team | None
    say: Say

    def run(self, night: int, budget: int) -> figures.Night:
        """Fill the inbox, run the cycle, read its figures.

        Raises:
            DemoError: the cycle failed.
        """
        progress = Progress()
        self.say(f"\nnight {night}: images come into {self.inbox.shown or self.inbox.folder}")
        dag_id = f"nightly__{self.inbox.project}"
        before = self.airflow.runs_by_assets(dag_id)
        self.inbox.fill(night, lambda done, total: progress.count(done, total, "images"))
        if self.team is not None:
            self.team.learn(read_truth(self.inbox.truth_file))
        if self.inbox.is_watched:
            ended = follow_night(self.airflow, dag_id, before, progress, self._note)
            self.say(f"  started by the asset new_images__{self.inbox.project} of Airflow: {ended.run_id}")
        else:
            ended = run_night(self.airflow, dag_id, {"budget": budget}, progress, self._note)
        if ended.state != "success":
            raise DemoError(f"night {night} ended as {ended.state}\n{why_failed(self.airflow, dag_id, ended.run_id)}")
        return figures.read_night(night, ended, self.store, self.services, self.outside_name)

    def _note(self) -> str:
        if self.team is None:
            return "waiting for people in Label Studio whenever a round is open"
        self.team.check()
        return f"{self.team.annotated} annotations submitted" if self.team.annotated else ""


def _team(options: Options, addresses: Addresses, home: Path, outside_name: str, label_kind: str, say: Say) -> Team | None:
    if not options.has_annotators:
        say(f"ANNOTATORS=none: annotate the rounds yourself at {addresses.label_studio_url}")
        return None
    say(f"annotators: {how_they_err(label_kind)}")
    return call_team(addresses, home, outside_name, label_kind)


def _store(project: str) -> Store:
    """The project's root, on disk or on the local S3 server."""
    return open_store(read_project(project), endpoints_from_environment(project).s3)


def _finish(nights: list[figures.Night], cycles: Cycles, addresses: Addresses, home: Path, say: Say) -> None:
    kind = kind_of(read_project(cycles.inbox.project))
    say(f"\n{table.nights_table(nights, kind.scoring.names)}\n")
    champion = prediction = None
    try:
        if not any(night.is_promoted for night in nights):
            raise DemoError(f"both cycles succeeded, but no night promoted a champion. The last one: {nights[-1].why}")
        champion = figures.check_champion(cycles.store, cycles.services, cycles.outside_name)
        image = cycles.inbox.an_image()
        prediction = figures.ask_server(cycles.services, image.read_bytes(), champion.model_digest)
        said = kind.decoding.says(kind.decoding.read_prediction(prediction))
        say(table.prediction_line(prediction, said))
        say(table.drawn_lines(_drawn(cycles, image, home), image, addresses.prediction_servers[cycles.inbox.project]))
    finally:
        say(f"\n{table.logins(addresses, cycles.inbox.project)}")
        _write_summary(home, nights, cycles, addresses, champion, prediction)


def _drawn(cycles: Cycles, image: Path, home: Path) -> Path:
    """Write the image with the server's prediction drawn over it."""
    path = home / "demo" / f"{cycles.inbox.project}-answer.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cycles.services.drawn_prediction(image.read_bytes()))
    return path


def _write_summary(
    home: Path,
    nights: list[figures.Night],
    cycles: Cycles,
    addresses: Addresses,
    champion: Champion | None,
    prediction: dict[str, Any] | None,
) -> None:
    """Write the same as JSON, without passwords."""
    content = {
        "project": cycles.inbox.project,
        "outside_name": cycles.outside_name,
        "nights": [asdict(night) for night in nights],
        "champion": None if champion is None else asdict(champion),
        "answer": prediction,
        "addresses": {
            "airflow": addresses.airflow_url,
            "label_studio": addresses.label_studio_url,
            "mlflow": addresses.mlflow_url,
            "prediction_server": addresses.prediction_servers[cycles.inbox.project],
            "passwords": str(home / "stack" / "secrets.json"),
        },
    }
    path = home / "demo" / "summary.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
