"""Tests of the command line in a shell: help, version, pipes, interrupts."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from given import a_project
from given_versions import id_of, two_versions

from pipeline_tasks.__main__ import main
from pipeline_tasks.process import PROCESS, Stage
from pipeline_tasks.release import RELEASE
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects

ROOT = Path(__file__).parents[2]
OWN = {
    "open_cycle": {"budget", "deadline-s", "selection", "selection-weight", "control-ratio", "training", "run-key"},
    "measure_images": {"shard"},
    "sign_off": {"approve", "reject", "reason", "by"},
    "roll_back": {"to-model-digest", "run-key"},
    "restore_dataset_version": {"dataset-id", "run-key"},
    "pause_labeling": {"run-key"},
    "resume_labeling": {"run-key"},
    "ask_for_slice": {"slice", "images", "of-cycle", "run-key"},
    "plan_collection": {"dry-run", "no-dry-run", "run-key"},
    "backfill": {"images", "run-key"},
    "open_search": {"trials", "seed", "run-key"},
    "run_trial": {"trial"},
    "open_pretraining": {"method", "epochs", "seed", "run-key"},
    "open_import": {"set", "format", "name", "map", "drop", "splits", "test-ratio", "licence", "bit-depth", "synthetic", "run-key"},
}


@pytest.fixture(autouse=True)
def a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project().model_dump(mode="json")))
    return tmp_path


@pytest.mark.parametrize("stage", [one for one in PROCESS if one.name != "erase"], ids=lambda one: one.name)
def test_help__of_a_stage_says_what_it_does_and_lists_its_own_options(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([stage.name, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert stage.does in " ".join(said.split())
    assert set(re.findall(r"--([a-z-]+)", said.partition("options:")[2])) - {"help", "project", "cycle"} == OWN.get(
        stage.name, set()
    )


def test_main__refuses_an_option_of_another_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["find_duplicates", "--project", "parts", "--cycle", "2026-11-21", "--shard", "1"])

    assert "unrecognized arguments: --shard 1" in capsys.readouterr().err


def test_version__is_the_release(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert (ended.value.code, capsys.readouterr().out) == (0, f"Nightlens {RELEASE}\n")


def test_main__says_how_to_go_on_after_an_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline_tasks.commands.stage.run", interrupted)

    assert main(["find_duplicates", "--project", "parts", "--cycle", "2026-11-21"]) == 130
    assert capsys.readouterr().err == "interrupted; run the same command again to go on\n"


def test_command_line__prints_no_traceback_when_its_output_pipe_is_closed() -> None:
    for environment in ("PYTHONUNBUFFERED=1", "PYTHONUNBUFFERED="):
        command = f"{environment} {sys.executable} -m pipeline_tasks --help | true"

        done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

        assert done.stderr == ""


def test_measure_images__refuses_a_shard_that_the_plan_does_not_have(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (a_home / "inbox").mkdir()
    main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21"])
    main(["list_new_images", "--project", "parts", "--cycle", "2026-11-21"])

    assert main(["measure_images", "--project", "parts", "--cycle", "2026-11-21", "--shard", "9"]) == 1
    assert "SettingsError: shard: 9 is not in the plan of cycle 2026-11-21, which has 0, numbered from 0" in capsys.readouterr().err


def test_erase__takes_a_file_and_says_which_files_stay_in_the_sources(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_versions(Store(DiskObjects(a_home / "roots" / "parts")))
    (a_home / "a.png").write_bytes(b"no image of this project")

    assert main(["erase", "--project", "parts", "--image", id_of("a1")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["stays"] == "Files in the sources stay: delete them there. They are not taken in again."
    assert isinstance(told["stays_in_sources"], list)
    assert main(["erase", "--project", "parts", "--image", str(a_home / "a.png")]) == 1
    digest = hashlib.sha256(b"no image of this project").hexdigest()
    assert f"'{digest}' fits no image" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["bench-nope", "drill-nope"])
def test_make__says_that_there_is_no_such_bench_or_drill(target: str) -> None:
    rule = ["make", "--no-print-directory", "-o", "install", target]

    done = subprocess.run(rule, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode != 0
    assert done.stderr.startswith(f"make {target}: there is no ")
    assert "Traceback" not in done.stderr
