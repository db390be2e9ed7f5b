"""Tests of the wiring: one explicit call a stage, and wrong calls are found by mypy."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from pipeline_tasks.process import PROCESS, STAGES
from pipeline_tasks.process_names import ServiceName
from pipeline_tasks.wiring.stages import CALLS

ROOT = Path(__file__).parents[2]
WIRED = ROOT / "pipeline_tasks" / "wiring" / "stages.py"
WRONG = {
    "backbone=services.backbone": ("backbone=services.decoder,", 'has incompatible type "IntakeDecoder"; expected "Backbone"'),
    "shard=arguments.shard": ("shard=arguments.run_key,", 'has incompatible type "str"; expected "int"'),
    "label_studio=services.label_studio_if_there": ("label_studios=None,", 'Unexpected keyword argument "label_studios"'),
    "opening=services.opening(arguments.run_key)": ("", 'Missing positional argument "opening" in call to "open_cycle"'),
}
"""Text in the wiring → its planted replacement, and mypy's message."""


def test_wiring__calls_every_stage_of_the_process_in_order() -> None:
    assert list(CALLS) == [stage.name for stage in PROCESS]


def test_wiring__opens_for_each_stage_the_services_that_the_process_names() -> None:
    functions = [node for node in ast.parse(WIRED.read_text()).body if isinstance(node, ast.FunctionDef)]

    opened = {function.name: _services_of(function) for function in functions}

    assert opened == {name: set(stage.services) for name, stage in STAGES.items()}


def test_wiring__imports_no_library_of_tables_or_models_before_a_stage_is_called() -> None:
    heavy = ("numpy", "polars", "dataframely", "httpx", "torch", "onnxruntime", "mlflow", "cv2", "boto3")
    program = f"import sys, pipeline_tasks.wiring.run; print([name for name in {heavy!r} if name in sys.modules])"

    outcome = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert outcome.stdout.strip() == "[]"


def _services_of(function: ast.FunctionDef) -> set[str]:
    """Attributes of `services` that reach beyond the root."""
    attributes = [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
    named = {node.attr.removesuffix("_if_there") for node in attributes if ast.unparse(node.value) == "services"}
    return named & set(get_args(ServiceName))


@pytest.mark.slow
def test_mypy__finds_planted_wrong_wirings(tmp_path: Path) -> None:
    text = WIRED.read_text()
    for right, (wrong, _) in WRONG.items():
        assert f"{right}," in text
        text = text.replace(f"{right},", wrong, 1)
    planted = tmp_path / "stages.py"
    planted.write_text(text)

    outcome = _mypy(planted, tmp_path)

    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert [says for _, says in WRONG.values() if says not in outcome.stdout] == [], outcome.stdout
    assert f"Found {len(WRONG)} errors in 1 file" in outcome.stdout


def _mypy(planted: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the wiring with another text in place of the file's own; what mypy knows of the other files is taken along."""
    cache = folder / "cache"
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", cache)
    shadow = ["--shadow-file", str(WIRED.relative_to(ROOT)), str(planted)]
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), *shadow, str(WIRED.relative_to(ROOT))]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
