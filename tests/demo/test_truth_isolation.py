"""Test that no stage opens a file of the demo while it works on drawn images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from demo.night import draw_night
from demo.truth import truth_path

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]

WATCHED = textwrap.dedent(
    """
    import json, sys
    opened = []
    sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event in ("open", "os.listdir", "os.scandir") else None)
    from pipeline_tasks.wiring.arguments import StageArguments
    from pipeline_tasks.wiring.run import run_stage
    from pipeline_tasks.records.cycle import CycleArguments
    for stage in ("open_cycle", "list_new_images", "measure_images", "record_images", "find_quality_issues", "find_duplicates",
                  "select_images"):
        run_stage(stage, "parts", "2026-11-21", StageArguments(cycle_arguments=CycleArguments(budget=4)))
    sys.stderr.flush()
    print(json.dumps(sorted({path for path in opened if "/demo/" in path or path.endswith("/demo")})))
    """
)


def test_stages__open_nothing_of_the_demo_while_they_work_on_its_images(tmp_path: Path) -> None:
    pytest.importorskip("pipeline_tasks.stages.ingest.measure_images")
    draw_night(1, 16, 7, tmp_path / "inbox" / "parts", truth_path(tmp_path, "parts"), "parts")
    environment = {**os.environ, "NIGHTLENS_HOME": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", WATCHED], env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    touched = [path for path in json.loads(done.stdout.splitlines()[-1]) if path.startswith(str(tmp_path))]
    assert touched == []
