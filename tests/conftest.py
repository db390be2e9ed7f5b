"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_tasks.storage.disk_objects import DiskObjects
from pipeline_tasks.storage.memory_objects import MemoryObjects
from pipeline_tasks.storage.store import Store


@pytest.fixture
def store() -> Store:
    """An empty project root in memory."""
    return Store(MemoryObjects())


@pytest.fixture
def disk_store(tmp_path: Path) -> Store:
    """An empty project root on disk."""
    return Store(DiskObjects(tmp_path / "root"))
