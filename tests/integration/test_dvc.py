"""Tests of publishing with the real DVC: it pulls a version and cannot change the originals (`make drill-dvc` in small)."""

from __future__ import annotations

from pathlib import Path

import pytest
from drills import dvc
from storage.an_s3_server import an_s3_server

IMAGES = 12

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.skipif(not dvc.PROGRAM.exists(), reason=f"no DVC at {dvc.PROGRAM}: `make drill-dvc` installs it"),
]


@pytest.fixture(autouse=True)
def an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the settings that the drill changes."""
    for name in ("NIGHTLENS_HOME", "NIGHTLENS_PROJECTS"):
        monkeypatch.setenv(name, "")


def test_dvc__pulls_from_disk_and_changes_no_object(tmp_path: Path) -> None:
    lines = list(dvc.drill_disk(tmp_path / "disk", IMAGES))

    assert any(line.startswith("git clone && dvc pull: 12 images") for line in lines)
    assert sum("objects of the store unchanged" in line for line in lines) >= 2


def test_dvc__pulls_from_s3_and_is_refused_there(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with an_s3_server(tmp_path / "server") as client:
        lines = list(dvc.drill_s3(tmp_path / "s3", client, IMAGES))

    assert any(line.startswith("git clone && dvc pull: 12 images") for line in lines)
    assert any("AccessDenied for each of" in line for line in lines)
