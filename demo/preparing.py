"""Preparation for the nights: a prediction server for the project, an emptied project, annotators with accounts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from demo.accounts import open_accounts
from demo.airflow import Airflow
from demo.answers import ANSWERS
from demo.errors import DemoError
from demo.inbox import Inbox
from demo.people import PEOPLE
from demo.team import Team
from local_stack.addresses import Addresses, read_addresses
from pipeline_tasks.wiring.projects import home_folder, read_project

SERVER_STARTS_WITHIN_S = 90.0
Say = Callable[[str], None]


def wait_for_prediction_server(home: Path, project: str) -> Addresses:
    """Wait for the project's prediction server, which starts a little after a new project file; return the stack's addresses.

    Raises:
        DemoError: it was not started in time.
    """
    until = time.monotonic() + SERVER_STARTS_WITHIN_S
    while project not in (addresses := read_addresses(home)).prediction_servers:
        if time.monotonic() > until:
            raise DemoError(f"the local stack started no prediction server for {project}; see `make status`")
        time.sleep(1)
    return addresses


def export_backbone(_: int, project: str) -> None:
    """Export the project's backbone for this machine, as the first night would otherwise have to.

    Raises:
        SettingsError: its weights are not installed.
    """
    from pipeline_tasks.backbones.backbone import open_backbone

    open_backbone(read_project(project).backbone, cache_folder=home_folder() / "backbones", home=home_folder())


def empty_project(inbox: Inbox, home: Path, airflow: Airflow, say: Say) -> str:
    """Empty the inbox's project and the inbox; returns the outside name of the next generation.

    Raises:
        DemoError: Airflow does not know the project's DAG, or the project cannot be emptied.
    """
    dag_id = f"nightly__{inbox.project}"
    airflow.wait_for_dag(dag_id)
    for run_id in airflow.open_runs(dag_id):
        say(f"an earlier run {run_id} is still open: marking it failed")
        airflow.fail(dag_id, run_id)
    shutil.rmtree(inbox.folder, ignore_errors=True)
    inbox.truth_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pipeline_tasks", "empty_project", "--project", inbox.project, "--yes"]
    done = subprocess.run(command, env={**os.environ, "NIGHTLENS_HOME": str(home)}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"the project {inbox.project} could not be emptied: {done.stderr.strip()[-500:]}")
    generation = json.loads(done.stdout.splitlines()[-1])["generation"]
    return inbox.project if generation == 1 else f"{inbox.project}-{generation}"


def call_team(addresses: Addresses, home: Path, outside_name: str, label_kind: str = "class") -> Team:
    """The simulated annotators with their accounts, who answer as this kind asks; they start once they `learn` a truth."""
    kept = home / "demo" / "annotators.json"
    tokens = open_accounts(addresses.label_studio_url, addresses.label_studio_token, PEOPLE, kept)
    return Team(addresses.label_studio_url, tokens, PEOPLE, outside_name, ANSWERS[label_kind])
