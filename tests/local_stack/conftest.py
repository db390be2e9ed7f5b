"""A NIGHTLENS_HOME of its own for each test of the local stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_stack.folders import Folders
from local_stack.ports import SERVICE_PORTS, keep_ports
from local_stack.secret_values import keep_secrets


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """The folders of a stack that was prepared but not started, with no shipped projects."""
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "no-projects"))
    made = Folders.of(tmp_path / "home")
    made.make()
    return made


@pytest.fixture
def prepared(folders: Folders) -> Folders:
    """The same with ports and secrets."""
    keep_ports(folders, SERVICE_PORTS)
    keep_secrets(folders)
    return folders
