"""Tests of the import of a labelled set from the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import yaml
from given import a_project
from given_sets import a_coco_set
from small_ingest import InProcessDecoder, MeanBackbone

from pipeline_tasks.__main__ import main
from pipeline_tasks.commands.labelled_set_options import labelled_set_of
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.wiring.services import Services

WORDS = ["import_dataset", "--project", "parts", "--cycle", "2026-11-20T100000"]


@pytest.fixture(autouse=True)
def a_box_project_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.setattr(Services, "decoder", InProcessDecoder())
    monkeypatch.setattr(Services, "backbone", MeanBackbone())
    (tmp_path / "projects").mkdir()
    content = a_project(label_kind="box").model_dump(mode="json")
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(content))


def test_import_dataset__prints_what_came_and_what_was_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "Their Set"
    a_coco_set(folder, {"a.png": [("Mutter", 1, 1, 9, 9), ("bolt", 20, 5, 0, 9)], "b.png": []})
    words = [*WORDS, "--set", str(folder), "--map", "Mutter=nut", "--licence", "CC0"]

    assert main(words) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["set_name"], told["format"], told["licence"], told["labels_new"]) == ("their_set", "COCO", "CC0", 2)
    assert told["left_out"] == {"object without a width or a height": {"count": 1, "first": "annotations.json: annotations[1]"}}
    assert told["classes"] == {"Mutter": "nut"}
    assert main(words) == 0, "the same cycle again"
    assert json.loads(capsys.readouterr().out) == told


def test_import_dataset__says_how_to_map_an_unknown_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_coco_set(tmp_path / "theirs", {"a.png": [("Mutter", 1, 1, 9, 9)]})

    assert main([*WORDS, "--set", str(tmp_path / "theirs")]) == 1

    assert "--map 'Mutter=CLASS'" in capsys.readouterr().err


@pytest.mark.parametrize("lines", [["Mutter"], ["=nut"], ["Mutter=nut", "Mutter=bolt"]])
def test_labelled_set_of__refuses_lines_that_cannot_be_meant(tmp_path: Path, lines: list[str]) -> None:
    given = argparse.Namespace(set=tmp_path, format=None, name=None, map=lines)

    with pytest.raises(SettingsError, match="--map"):
        labelled_set_of(given)
