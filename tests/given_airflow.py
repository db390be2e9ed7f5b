"""Inputs of Airflow tests: a separate home for Airflow, and valid and invalid project files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

PROJECT = """\
project: {name}
description: Parts on a belt.
classes: [bolt, nut]
schedule: {schedule}
time_zone: Europe/Berlin
sources: [{{name: inbox, path: inbox/{name}, settle_s: 0}}]
selection: {{budget: 4}}
labeling: {{deadline_s: 3600, ask_every_s: 0.01}}
gates: {{margin: 0.05}}
"""


def use_a_home_of_its_own() -> None:
    """Point Airflow at an empty folder with SQLite. Airflow reads this once, at its first import in a process."""
    if "NIGHTLENS_TEST_AIRFLOW" in os.environ:
        return
    home = tempfile.mkdtemp(prefix="nightlens-airflow-")
    os.environ |= {
        "NIGHTLENS_TEST_AIRFLOW": home,
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,reader:viewer",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__API_AUTH__JWT_SECRET": "for tests only, and long enough to be taken as a key of 64 bytes",
    }


def write_project(folder: Path, name: str, schedule: str = '"30 2 * * *"') -> Path:
    """A good project file."""
    path = folder / f"{name}.yaml"
    path.write_text(PROJECT.format(name=name, schedule=schedule))
    return path


def write_projects(folder: Path) -> Path:
    """Two good project files with a bad one between them, as `NIGHTLENS_PROJECTS` wants them."""
    folder.mkdir(parents=True, exist_ok=True)
    write_project(folder, "belt")
    tiles = write_project(folder, "tiles", schedule="null")
    tiles.write_text(tiles.read_text() + "new_images: {min_images: 3}\n")
    bad = write_project(folder, "ore")
    bad.write_text(bad.read_text().replace("budget", "bugdet"))
    return folder
