"""Projects and their roots, read from the project files without any stage, so that each gets its prediction server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from local_stack.folders import REPOSITORY


def project_files(home: Path) -> dict[str, Path]:
    """Project name → its file, from the shipped folder and from `$NIGHTLENS_HOME/projects`; the latter wins."""
    shipped = Path(os.environ.get("NIGHTLENS_PROJECTS", REPOSITORY / "dags" / "projects"))
    return {path.stem: path for folder in (shipped, home / "projects") for path in sorted(folder.glob("*.yaml"))}


def project_roots(home: Path) -> dict[str, str]:
    """Project name → its root, for the prediction server; a file that cannot be read has no server."""
    roots = {name: _root(home, name, path) for name, path in project_files(home).items()}
    return {name: root for name, root in roots.items() if root is not None}


def s3_connection(home: Path, name: str) -> str | None:
    """Connection of a project's root on S3; None if its file names none."""
    connections = _content(name, project_files(home)[name]).get("connections")
    found = connections.get("s3") if isinstance(connections, dict) else None
    return found if isinstance(found, str) else None


def _content(name: str, path: Path) -> dict[str, Any]:
    """The file of a project, empty if it cannot be read or is another's."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) and content.get("project") == name else {}


def _root(home: Path, name: str, path: Path) -> str | None:
    content = _content(name, path)
    if not content:
        return None
    root = content.get("root")
    if root is None:
        return str(home / "roots" / name)
    return str(root) if str(root).startswith("s3://") else str(home / str(root))
