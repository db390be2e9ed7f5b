"""Tests of `python -m pipeline_tasks versions …`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from given import a_project
from given_versions import id_of, two_versions

from pipeline_tasks.__main__ import main
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.slow


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[VersionRecord, VersionRecord]:
    """A project on disk with two versions."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project().model_dump(mode="json")))
    return two_versions(open_store(read_project("parts")))


def versions_command(*words: str) -> int:
    return main(["versions", *words, "--project", "parts"])


def test_versions__list_show_and_diff_print_tables_or_one_json_line(
    versions: tuple[VersionRecord, VersionRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (version.dataset_id for version in versions)

    assert versions_command("list") == 0
    assert first[:12] in capsys.readouterr().out
    assert versions_command("show", first[:8]) == 0
    assert f"dataset version {first}" in capsys.readouterr().out
    assert versions_command("diff", first[:8], second[:8], "--json") == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out)["added"]["image_ids"] == [id_of("a4")]


def test_versions__export_writes_into_the_given_folder(
    versions: tuple[VersionRecord, VersionRecord], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert versions_command("export", versions[0].dataset_id, str(tmp_path / "out")) == 0
    assert f"5 images: {tmp_path / 'out'}" in capsys.readouterr().out
    assert (tmp_path / "out" / "manifest.csv").is_file()
    assert versions_command("export", versions[0].dataset_id, str(tmp_path / "out")) == 1
    assert "wanted an empty folder" in capsys.readouterr().err


def test_versions__verify_exits_1_when_something_is_missing(
    versions: tuple[VersionRecord, VersionRecord], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert versions_command("verify", versions[0].dataset_id, "--full") == 0
    next(path for path in (tmp_path / "roots").rglob("files/md5/*/*") if path.read_bytes() == b"the bytes of a1").unlink()

    assert versions_command("verify", versions[0].dataset_id) == 1

    assert id_of("a1") in capsys.readouterr().out


def test_versions__restore_says_how_to_undo_it(
    versions: tuple[VersionRecord, VersionRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    first = versions[0].dataset_id

    assert versions_command("restore", first[:8], "--cycle", "2026-11-23T090000") == 0
    assert "Undo: versions restore newest --project parts" in capsys.readouterr().out
    assert versions_command("list") == 0
    assert f"{first[:12]} was restored in cycle 2026-11-23T090000" in capsys.readouterr().out


def test_versions__report_an_unknown_version_in_one_sentence(
    versions: tuple[VersionRecord, VersionRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    assert versions_command("show", "zz") == 1
    assert "which fits none of them" in capsys.readouterr().err
