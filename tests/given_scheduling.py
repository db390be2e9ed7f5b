"""Tests grouped by worker of `pytest -n`. xdist's own `--dist loadgroup` has no effect with pytest 9: it sets `Item._nodeid`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

AIRFLOW = ("tests/dags/", "tests/plugins/")
SERVICES = ("running_stack", "label_studio_server")
"""Fixtures of the one stack that tests of many files share, which the last of them ends."""

ROOT = Path(__file__).parent.parent


class ByCostlyStart(LoadScopeScheduling):
    """Tests that import Airflow, share the real services or a fixture of their file, run in one worker; others run in any."""

    def _split_scope(self, nodeid: str) -> str:
        """Name of the group that stays together with this test."""
        return shared_start(nodeid.partition("::")[0]) or nodeid


@cache
def shared_start(path: str) -> str | None:
    """The costly start that the tests of a file share, None if there is none."""
    if path.startswith(AIRFLOW):
        return "airflow"
    text = (ROOT / path).read_text(encoding="utf-8")
    if any(fixture in text for fixture in SERVICES):
        return "services"
    return path if 'scope="module"' in text else None
