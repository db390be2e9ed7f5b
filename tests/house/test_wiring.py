"""Tests of the wiring: one explicit call a stage, and wrong calls are found by mypy."""

from __future__ import annotations

import ast
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from pipeline_tasks.process import PROCESS, STAGES
from pipeline_tasks.process_names import ServiceName
from pipeline_tasks.wiring.stages import CALLS

ROOT = Path(__file__).parents[2]
WIRED = sorted((ROOT / "pipeline_tasks" / "wiring" / "calls").glob("*.py"))
WRONG = {
    "ingest": {
        "backbone=services.backbone": ("backbone=services.decoder,", 'has incompatible type "IntakeDecoder"; expected "Backbone"'),
        "shard=arguments.shard": ("shard=arguments.run_key,", 'has incompatible type "str"; expected "int"'),
        "opening=services.opening(arguments.run_key)": ("", 'Missing positional argument "opening" in call to "open_cycle"'),
    },
    "tend": {
        "label_studio=services.label_studio_if_there": ("label_studios=None,", 'Unexpected keyword argument "label_studios"'),
    },
}
"""Group → text in its calls → its planted replacement, and mypy's message."""


def test_wiring__calls_every_stage_of_the_process_in_order() -> None:
    assert list(CALLS) == [stage.name for stage in PROCESS]


def test_wiring__keeps_each_call_in_the_module_of_its_group() -> None:
    assert {name: call.__module__ for name, call in CALLS.items()} == {
        stage.name: f"pipeline_tasks.wiring.calls.{stage.group}" for stage in PROCESS
    }
    for group in {stage.group for stage in PROCESS}:
        listed = importlib.import_module(f"pipeline_tasks.process_groups.{group}").STAGES
        assert list(listed) == [stage for stage in PROCESS if stage.group == group]


def test_wiring__opens_for_each_stage_the_services_that_the_process_names() -> None:
    functions = [node for path in WIRED for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]

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
    planted = {path: _with_wrong_calls(path, tmp_path) for path in WIRED if path.stem in WRONG}
    messages = [says for wrong in WRONG.values() for _, says in wrong.values()]

    outcome = _mypy(planted, tmp_path)

    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert [says for says in messages if says not in outcome.stdout] == [], outcome.stdout
    assert f"Found {len(messages)} errors in {len(WRONG)} files" in outcome.stdout


def _with_wrong_calls(path: Path, folder: Path) -> Path:
    """Copy of a module of calls in which each right argument of `WRONG` is replaced once."""
    text = path.read_text()
    for right, (wrong, _) in WRONG[path.stem].items():
        assert f"{right}," in text
        text = text.replace(f"{right},", wrong, 1)
    planted = folder / path.name
    planted.write_text(text)
    return planted


def _mypy(planted: Mapping[Path, Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Check modules with other texts in place of their own; what mypy knows of the other files is taken along."""
    cache = folder / "cache"
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", cache)
    paths = [str(path.relative_to(ROOT)) for path in planted]
    shadow = [word for path, wrong in zip(paths, planted.values(), strict=True) for word in ("--shadow-file", path, str(wrong))]
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), *shadow, *paths]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
