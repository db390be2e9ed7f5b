"""Tests of the Airflow layer run against an Airflow of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_airflow import use_a_home_of_its_own, write_projects

use_a_home_of_its_own()


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the projects `belt` and `tiles`, and `ore` whose file is bad."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(write_projects(tmp_path / "shipped")))
    return tmp_path
