"""Tests of the commands around edge agents: what is refused at once, and the files for a device."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from edge.given_edge import a_config, some_keys

from pipeline_tasks.__main__ import main


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_edge__says_which_setting_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = a_config(tmp_path)
    path.write_text(path.read_text().replace("min_distance", "min_distanse"))

    status, _, errors = told(capsys, "edge", str(path))

    assert (status, errors) == (1, "SettingsError: keep.min_distanse: unknown (did you mean 'min_distance'?)\n")


def test_edge__prints_counts_and_what_was_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys, "edge", str(a_config(tmp_path)), "--status")

    assert (status, json.loads(out)) == (0, {"counts": {}, "dropped": []})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--min-free-bytes", "-1"], "--min-free-bytes: wanted a number of bytes, found -1"),
        (["--certificate", "cert.pem"], "--certificate: wanted it together with --certificate-key"),
    ],
)
def test_receive__says_which_option_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    status, _, errors = told(capsys, "receive", "--inbox", str(tmp_path / "in"), "--keys", str(some_keys(tmp_path)), *options)

    assert (status, errors) == (1, f"SettingsError: {says}\n")


def test_receive__wants_keys_that_nobody_else_can_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = some_keys(tmp_path)
    keys.chmod(0o644)

    status, _, errors = told(capsys, "receive", "--inbox", str(tmp_path / "in"), "--keys", str(keys))

    assert status == 1
    assert "may be read by others (mode 0644); run chmod 600" in errors
