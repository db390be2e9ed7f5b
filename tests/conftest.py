"""Fixtures for all tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.objects import spans
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

if TYPE_CHECKING:
    from given_stack import RunningStack


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no module of which no test will run: Airflow and torch take seconds each."""
    if collection_path.suffix != ".py" or "test_" not in collection_path.name:
        return None
    unwanted, wanted = marks_in(config.getoption("markexpr"))
    text = collection_path.read_text(encoding="utf-8")
    of_all = re.search(r"^pytestmark = (.*)$", text, re.MULTILINE)
    is_unwanted = of_all is not None and bool(unwanted & marked(of_all[1]))
    return True if is_unwanted or (wanted and not wanted & marked(text)) else None


def marks_in(expression: str) -> tuple[set[str], set[str]]:
    """Marks that a test must not have, and marks of which it must have one, in an expression of `-m`."""
    unwanted = set(re.findall(r"not (\w+)", expression))
    return unwanted, set(re.findall(r"\w+", expression)) - unwanted - {"not", "and", "or"}


def marked(text: str) -> set[str]:
    """Marks that a test module names."""
    return set(re.findall(r"pytest\.mark\.(\w+)", text))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, run tests that share a slow start in one worker, so that only one imports Airflow."""
    from given_scheduling import ByCostlyStart

    return ByCostlyStart(config, log)


USUAL_SIZES = state.SNAPSHOT_EVERY_EVENTS, spans.FANOUT


@pytest.fixture(autouse=True)
def usual_sizes() -> Iterator[None]:
    """Restore the usual sizes: workloads of drills make snapshots and compacted objects after few events."""
    yield
    state.SNAPSHOT_EVERY_EVENTS, spans.FANOUT = USUAL_SIZES


@pytest.fixture
def store() -> Store:
    """An empty project root in memory."""
    return Store(MemoryObjects())


@pytest.fixture
def disk_store(tmp_path: Path) -> Store:
    """An empty project root on disk."""
    return Store(DiskObjects(tmp_path / "root"))


@pytest.fixture(scope="session")
def running_stack() -> Iterator[RunningStack]:
    """The real services, started at most once. `tests/integration/test_two_projects.py`, the last to use them, ends them."""
    from given_stack import a_running_stack

    with a_running_stack() as running:
        yield running
