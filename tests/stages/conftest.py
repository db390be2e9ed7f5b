"""Fixtures that tests of several stages share."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_sets import BoxNight, a_box_project


@pytest.fixture
def box_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BoxNight:
    """An empty project of boxes."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    return a_box_project(tmp_path)


@pytest.fixture
def set_folder(tmp_path: Path) -> Path:
    """The place of a labelled set that a test writes."""
    return tmp_path / "their set"
