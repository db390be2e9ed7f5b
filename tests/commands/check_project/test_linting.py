"""Tests of linting a source: each file that a night would skip is told with its reason before the night."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import given
import numpy as np
import pytest
import yaml
from PIL import Image
from small_ingest import InProcessDecoder, an_image, ingest, put_files

from pipeline_tasks.__main__ import main
from pipeline_tasks.commands.check_project.linting import SourceReport, lint_source
from pipeline_tasks.commands.check_project.name_findings import Finding
from pipeline_tasks.commands.check_project.source_text import source_text
from pipeline_tasks.sources.source import open_source
from pipeline_tasks.storage.history.store import Store

FILES = {
    "cam1/a.png": an_image(1),
    "cam1/A.png": an_image(2),
    "cam2/b.jpg": an_image(3, "JPEG"),
    "cam2/cut.jpg": an_image(4, "JPEG")[:-400],
    "cam2/empty.jpg": b"",
    "cam2/-dash.png": an_image(5),
    "cam2/line\nbreak.png": an_image(6),
    "notes.txt": b"no image",
    "@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg": an_image(7, "JPEG"),
    "cam2/c.jpg.part": b"half",
}


def a_report(home: Path, most_read: int = 100, golden: str | None = None, **settings: Any) -> SourceReport:
    splits = {"splits": {"golden": {"key_pattern": golden}}} if golden else {}
    project = given.a_project(sources=[{"name": "inbox", "path": "inbox", "settle_s": 0} | settings], **splits)
    (of_source,) = project.sources
    source = open_source(of_source, home)
    return lint_source(source, of_source, project.splits.golden, InProcessDecoder(), given.STARTED_AT, most_read)


def said(findings: tuple[Finding, ...]) -> dict[str, int]:
    return {one.says: one.files for one in findings}


def test_lint__counts_what_a_night_then_skips(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, FILES)

    report = a_report(tmp_path)
    night = ingest(store, given.an_open_cycle(store), tmp_path)

    assert (report.files, report.would_be_taken_in) == (night.files, night.sightings)
    refused = {reason: count for one in report.endings for reason, count in one.refused.items()}
    assert refused | {"empty": said(report.skipped)["refused: empty"]} == night.rejected_by_reason
    assert said(report.skipped) == {"folders left out: thumbnail": 1, "left out: unfinished": 1, "refused: empty": 1}
    assert not report.is_fine


def test_lint__names_an_example_of_each_reason(tmp_path: Path) -> None:
    put_files(tmp_path, FILES)

    text = source_text(a_report(tmp_path))

    assert "source inbox: files listed: 8; would be taken in: 5; read and decoded: 7" in text
    assert "1 truncated (such as cam2/cut.jpg)" in text
    assert "1 not an image (such as notes.txt)" in text
    assert "@eaDir" in text
    assert r"'cam2/line\nbreak.png'" in text
    assert "line\nbreak" not in text


def test_lint__reads_the_first_files_of_each_ending_and_no_more_than_asked(tmp_path: Path) -> None:
    put_files(tmp_path, {f"{number:03}.png": an_image(number) for number in range(40)} | {"z.csv": b"1,2"})

    report = a_report(tmp_path, most_read=10)

    assert {one.ending: (one.files, one.read, dict(one.refused)) for one in report.endings} == {
        ".png": (40, 9, {}),
        ".csv": (1, 1, {"not_an_image": 1}),
    }
    assert a_report(tmp_path, most_read=0).would_be_taken_in == 41
    assert [one.read for one in a_report(tmp_path, most_read=2).endings] == [1, 1]


def test_lint__says_which_files_a_pattern_does_not_find_and_which_it_takes_apart_too_far(tmp_path: Path) -> None:
    put_files(tmp_path, {f"cam/{number:03}.png": an_image(number) for number in range(12)} | {"top.png": an_image(99)})

    found = said(a_report(tmp_path, key_pattern=r"(?P<site>[a-z]+)/(?P<clip>\d+)").names)

    assert found["key_pattern finds no clip"] == 1
    assert found["each file has a clip of its own; is key_pattern right?"] == 12
    assert not any("site of its own" in one for one in found)


def test_lint__names_what_causes_trouble_elsewhere(tmp_path: Path) -> None:
    put_files(tmp_path, FILES)

    report = a_report(tmp_path, golden="cam1/", licences=[{"key_pattern": "^cam", "licence": "CC0-1.0"}])

    assert {one.says.split(":")[0].split(",")[0]: one.files for one in report.names} == {
        "golden by splits.golden.key_pattern": 2,
        "no rule of licences finds a licence": 1,
        "names that differ only by case or Unicode form": 2,
        "names with control characters": 2,
    }


def test_lint__is_fine_with_a_plain_folder_and_not_with_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    assert not a_report(tmp_path).is_fine
    put_files(tmp_path, {"a.png": an_image(1)})

    assert a_report(tmp_path).is_fine


def test_command__lints_a_source_or_names_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    put_files(tmp_path, {"a.png": an_image(1)})
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(given.a_project().model_dump(mode="json")))

    assert main(["check_project", "--project", "parts", "--source", "inbox", "--read", "0"]) == 0
    assert "files listed: 1; would be taken in: 1; read and decoded: 0" in capsys.readouterr().out
    assert main(["check_project", "--project", "parts", "--source", "outbox"]) == 1
    assert "has no source 'outbox'; it has inbox" in capsys.readouterr().err


def test_lint__names_images_with_colours_where_another_modality_is_stated(tmp_path: Path) -> None:
    put_files(tmp_path, {"grey.png": in_modes("L"), "deep.png": in_modes("I;16"), "photo.png": an_image(2)})

    of_depth, of_colours = a_report(tmp_path, modality="depth"), a_report(tmp_path)

    assert of_depth.modality == (Finding("with colours, where depth is stated", 1, ("photo.png",), needs_attention=True),)
    assert not of_depth.is_fine
    assert "with colours, where depth is stated" in source_text(of_depth)
    assert of_colours.modality == (Finding("without colours, where rgb is stated", 2, ("deep.png", "grey.png")),)
    assert of_colours.is_fine


def in_modes(mode: str) -> bytes:
    buffer = io.BytesIO()
    values = np.linspace(0, 65535 if mode == "I;16" else 255, 600).reshape(20, 30)
    Image.fromarray(values.astype(np.uint16 if mode == "I;16" else np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
