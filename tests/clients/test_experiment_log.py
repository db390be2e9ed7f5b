"""Tests that W&B without a key writes a folder and opens no connection."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_tasks.clients.experiment_log import ExperimentLog
from pipeline_tasks.errors import ServiceUnavailableError

pytestmark = pytest.mark.slow

RUN = """
import os, sys
from pathlib import Path
os.environ.pop("WANDB_API_KEY", None)
from pipeline_tasks.clients.experiment_log import ExperimentLog
log = ExperimentLog(Path(sys.argv[1]))
assert log.mode == "offline"
log.start("parts", "parts/2026-11-21", {"max_epochs": 2})
log.log_epoch(0, {"val_loss": 0.5})
log.log_epoch(1, {"val_loss": 0.25})
log.finish()
log.finish()
"""


def test_experiment_log__offline_writes_a_run_and_reaches_no_network(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path / "wandb")]
    trace = tmp_path / "trace"
    strace = shutil.which("strace")
    if strace:
        command = [strace, "-f", "-e", "trace=connect,sendto", "-o", str(trace), *command]

    subprocess.run(command, check=True, timeout=300)

    runs = list((tmp_path / "wandb").rglob("*.wandb"))
    assert len(runs) == 1
    assert runs[0].stat().st_size > 0
    if strace:
        addresses = re.findall(r'sin6?_addr(?:=inet_addr)?[^"]*"([^"]+)"', trace.read_text())
        assert set(addresses) <= {"127.0.0.1", "::1"}


PLOTS = """
import io, os, sys
from pathlib import Path
from PIL import Image
os.environ.pop("WANDB_API_KEY", None)
from pipeline_tasks.clients.experiment_log import ExperimentLog
written = io.BytesIO()
Image.new("RGB", (8, 8)).save(written, "PNG")
log = ExperimentLog(Path(sys.argv[1]))
log.start("parts", "parts/2026-11-21", {})
log.finish()
log.log_plots("parts", "parts/2026-11-21", {"loss.png": written.getvalue()})
"""


def test_experiment_log__keeps_plots_in_a_run_beside_that_of_the_training(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", PLOTS, str(tmp_path / "wandb")], check=True, timeout=300)

    assert len({one.stem for one in (tmp_path / "wandb").rglob("*.wandb")}) == 2
    assert [one.parent.name for one in (tmp_path / "wandb").rglob("*.png")] == ["plots"]


def test_experiment_log__goes_online_only_with_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    assert ExperimentLog(tmp_path).mode == "offline"

    monkeypatch.setenv("WANDB_API_KEY", "key")

    assert ExperimentLog(tmp_path).mode == "online"


def test_experiment_log__writes_nothing_before_it_is_started(tmp_path: Path) -> None:
    log = ExperimentLog(tmp_path / "wandb")

    log.log_epoch(0, {"val_loss": 1.0})
    log.finish()

    assert not (tmp_path / "wandb").exists()


DELETED = """
import os, shutil, sys
from pathlib import Path
os.environ.pop("WANDB_API_KEY", None)
from pipeline_tasks.clients.experiment_log import ExperimentLog
log = ExperimentLog(Path(sys.argv[1]))
log.start("parts", "parts/2026-11-21", {})
shutil.rmtree(sys.argv[1])
log.log_epoch(0, {"val_loss": 0.5})
log.finish()
log.start("parts", "parts/2026-11-22", {})
log.log_epoch(0, {"val_loss": 0.5})
log.finish()
"""


def test_experiment_log__continues_after_its_folder_was_deleted(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", DELETED, str(tmp_path / "wandb")], check=True, timeout=300)

    assert len(list((tmp_path / "wandb").rglob("*.wandb"))) == 1


def test_experiment_log__says_that_its_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "wandb").write_text("a file")

    with pytest.raises(ServiceUnavailableError, match=r"W&B \(offline\) in .*: the run did not start"):
        ExperimentLog(tmp_path / "wandb").start("parts", "parts/2026-11-21", {})
