"""Fixtures for all tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no module of which no test will run: Airflow and torch take seconds each, and `make check` shall take none of them."""
    if collection_path.suffix != ".py" or "test_" not in collection_path.name:
        return None
    unwanted = set(re.findall(r"not (\w+)", config.getoption("markexpr")))
    marks = re.search(r"^pytestmark = (.*)$", collection_path.read_text(encoding="utf-8"), re.MULTILINE)
    return True if marks and unwanted & set(re.findall(r"pytest\.mark\.(\w+)", marks[1])) else None


@pytest.fixture
def store() -> Store:
    """An empty project root in memory."""
    return Store(MemoryObjects())


@pytest.fixture
def disk_store(tmp_path: Path) -> Store:
    """An empty project root on disk."""
    return Store(DiskObjects(tmp_path / "root"))
