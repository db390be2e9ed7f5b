"""Tests of `labeling export` and `labeling import` on the command line: files for a service, and its results."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from a_labeling_round import LabelingRound
from given import a_project
from labeling_services.results_of_services import mturk_csv, mturk_row

from pipeline_tasks.__main__ import main
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects


@pytest.fixture
def round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabelingRound:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    (tmp_path / "projects").mkdir()
    settings = a_project().model_dump(mode="json") | {"root": str(tmp_path / "root")}
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(settings))
    found = LabelingRound(Store(DiskObjects(tmp_path / "root")), tmp_path / "for_people")
    found.settings = {"root": str(tmp_path / "root")}
    found.files = AnnotatorFiles(tmp_path / "for_people", "parts")
    return found


def test_labeling__writes_a_round_for_a_service_and_takes_its_results(
    round: LabelingRound, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cycle = round.open(images=2)
    round.send(cycle)
    folder, results = tmp_path / "round", tmp_path / "results.csv"
    words = ["labeling", "export", "--project", "parts", "--format", "mturk", "--images-at", "https://images.example"]

    assert main([*words, "--to", str(folder)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["images"], said["tasks"], said["files"]) == (2, 2, ["hits-1-assignments.csv", "page.html"])
    rows = list(csv.DictReader((folder / "hits-1-assignments.csv").read_text().splitlines()))
    assert sorted(path.name for path in (folder / "images").iterdir()) == sorted(f"{row['task_key']}.jpg" for row in rows)
    assert rows[0]["image_url"] == f"https://images.example/{rows[0]['task_key']}.jpg"

    results.write_text(mturk_csv([mturk_row(row["task_key"], {"label": "bolt"}, n) for n, row in enumerate(rows, 1)]))
    assert main(["labeling", "import", "--project", "parts", "--format", "mturk", str(results)]) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 2
    assert round.collect(cycle).annotations_new == 2
    assert main([*words, "--to", str(tmp_path / "again")]) == 1
    assert "every task of its round is annotated" in capsys.readouterr().err


def test_labeling__does_not_write_into_a_folder_with_files(
    round: LabelingRound, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    round.send(round.open(images=1))
    words = ["labeling", "export", "--project", "parts", "--format", "scale", "--images-at", "https://images.example"]

    assert main([*words, "--to", str(tmp_path)]) == 1
    assert "wanted a folder that is new or empty" in capsys.readouterr().err


def test_labeling__names_a_file_that_is_not_there(round: LabelingRound, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labeling", "import", "--project", "parts", "--format", "scale", "nowhere.json"]) == 1
    assert "nowhere.json: cannot be read" in capsys.readouterr().err
