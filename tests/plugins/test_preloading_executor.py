"""Tests of the executor that loads the libraries of all stages before its tasks start."""

from __future__ import annotations

import configparser
import importlib
import os
import subprocess
import sys
from typing import Any

import pytest
from given_airflow import ROOT

pytestmark = pytest.mark.airflow

LEFT = """
import sys
from nightlens_airflow import preloading_executor
early = [name for name in ("numpy", "polars", "dataframely") if name in sys.modules]
for library in preloading_executor.LIBRARIES:
    __import__(library)
standing = set(sys.modules)
import pipeline_tasks.stages.curate.find_quality_issues, pipeline_tasks.stages.deploy.promote_model, pipeline_tasks.wiring
late = {name.partition(".")[0] for name in sys.modules.keys() - standing} - set(sys.stdlib_module_names)
print(early, sorted(late))
"""
FORK = """
import importlib, os, sys
import numpy, polars as pl, dataframely
for number in range(20):
    pid = os.fork()
    if pid == 0:
        rows = pl.DataFrame({"a": range(10_000)}).lazy().with_columns(b=pl.col("a") % 7).group_by("b").len().collect()
        os._exit(rows.height)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
print("done")
"""


def read_in_a_fresh_process(program: str) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout.splitlines()[-1]


def test_preloading_executor__lets_a_small_stage_import_only_code_of_nightlens() -> None:
    assert read_in_a_fresh_process(LEFT) == "[] ['pipeline_tasks']"


def test_preloading_executor__loads_what_a_forked_process_can_use() -> None:
    assert read_in_a_fresh_process(FORK) == "done"


def test_preloading_executor__is_the_one_that_the_stack_uses() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "airflow.cfg.example")
    module, _, name = settings["core"]["executor"].rpartition(".")

    executor: Any = getattr(importlib.import_module(module), name)

    assert executor.is_local
