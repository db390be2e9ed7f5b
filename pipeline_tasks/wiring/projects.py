"""Project files, and the folder of this installation."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registry import unknown
from pipeline_tasks.settings import Project, load_project


def home_folder() -> Path:
    """Folder of all files other than roots and sources: NIGHTLENS_HOME, default `./.nightlens`."""
    return Path(os.environ.get("NIGHTLENS_HOME", ".nightlens")).resolve()


def project_files() -> dict[str, Path]:
    """Project name → its file, from the shipped folder and from `$NIGHTLENS_HOME/projects`; the latter wins."""
    shipped = Path(os.environ.get("NIGHTLENS_PROJECTS", Path(__file__).parents[2] / "dags" / "projects"))
    return {path.stem: path for folder in (shipped, home_folder() / "projects") for path in sorted(folder.glob("*.yaml"))}


def read_project(name: str) -> Project:
    """Read the project's file as it is now; only for `open_cycle` and tools outside cycles.

    Raises:
        SettingsError: the file does not exist, or its content is invalid.
    """
    files = project_files()
    if name not in files:
        raise SettingsError(unknown("project", name, files))
    return load_project(files[name])
