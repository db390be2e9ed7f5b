"""Settings of a project whose file is broken just now: those that its newest cycle froze. A new night never uses them."""

from __future__ import annotations

import logging
from pathlib import Path

import yaml

from pipeline_tasks.errors import NightlensError, SettingsError
from pipeline_tasks.settings import Project
from pipeline_tasks.wiring.projects import home_folder, project_files, read_project
from pipeline_tasks.wiring.roots import open_objects

logger = logging.getLogger(__name__)


def project_or_last_settings(name: str) -> Project:
    """The project's file as it is now, or the newest frozen settings, so that a night goes on and a champion can be rolled back.

    Raises:
        SettingsError: the file cannot be used, and no cycle is found in a root on this machine.
    """
    try:
        return read_project(name)
    except SettingsError as error:
        last = _last_settings(name)
        if last is None:
            raise
        logger.warning("the project file cannot be used, so the settings of the newest cycle count: %s", error)
        return last


def _last_settings(name: str) -> Project | None:
    # Imported here, because a DAG file reads wiring and no table.
    from pipeline_tasks.storage.history.cycles import read_cycle
    from pipeline_tasks.storage.history.store import Store

    folder = _root_folder(name)
    if folder is None or not (folder / "ledger").is_dir():
        return None
    try:
        store = Store(open_objects(str(folder)))
        opened = [cycle_id for cycle_id, done in store.state().stages.items() if "open_cycle" in done]
        return read_cycle(store, opened[-1]).project if opened else None
    except NightlensError as error:
        logger.warning("%s: the settings of the newest cycle cannot be read: %s", folder, error)
        return None


def _root_folder(name: str) -> Path | None:
    """The root's folder as far as the broken file can be read; None if it is not on this machine."""
    path = project_files().get(name)
    if path is None:
        return None
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        content = None
    root = content.get("root") if isinstance(content, dict) else None
    if root is None:
        return home_folder() / "roots" / name
    return home_folder() / root if isinstance(root, str) and "://" not in root else None
