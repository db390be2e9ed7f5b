"""Test that ONNX Runtime, whose wheels report to their maker by default, is told not to before any module of ours starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
A_SESSION = """
import pipeline_tasks
import onnxruntime
from tiny_model import tiny_model
onnxruntime.InferenceSession(tiny_model(), providers=["CPUExecutionProvider"])
"""


def test_onnx_runtime__writes_no_device_id_and_no_events(tmp_path: Path) -> None:
    # A few variables only: those of a CI would also keep it quiet.
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    quiet = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}

    subprocess.run([sys.executable, "-c", A_SESSION], env=quiet, check=True)

    assert not list(tmp_path.rglob("*"))
