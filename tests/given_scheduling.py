"""Tests grouped by worker of `pytest -n`. xdist's own `--dist loadgroup` has no effect with pytest 9: it sets `Item._nodeid`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

AIRFLOW = ("tests/dags/", "tests/plugins/")
ROOT = Path(__file__).parent.parent


class ByCostlyStart(LoadScopeScheduling):
    """Tests that import Airflow, or share a fixture of their file, run in one worker; others run in any."""

    def _split_scope(self, nodeid: str) -> str:
        """Name of the group that stays together with this test."""
        return shared_start(nodeid.partition("::")[0]) or nodeid


@cache
def shared_start(path: str) -> str | None:
    """The costly start that the tests of a file share, None if there is none."""
    if path.startswith(AIRFLOW):
        return "airflow"
    return path if 'scope="module"' in (ROOT / path).read_text(encoding="utf-8") else None
