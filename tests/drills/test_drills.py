"""The drills of the store at a small size; `make drill-…` runs the same code at full size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from drills import rot

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_kill_matrix__loses_and_doubles_nothing() -> None:
    # A process of its own: it forks, which one that has used tables before must not.
    environment = os.environ | {"PYTHONPATH": ".:plugins:tests"}
    command = [sys.executable, "tests/drills/kill_matrix.py", "--small"]

    outcome = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert " 0 of them went wrong" in outcome.stdout


@pytest.mark.slow
def test_rot__is_named_exactly_refused_and_mended(tmp_path: Path) -> None:
    assert rot.run(tmp_path, objects=300, rotted=60)
