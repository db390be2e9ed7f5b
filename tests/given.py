"""Inputs of tests: small projects, cycles and rows that can be checked by hand."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pipeline_tasks.records.cycle import Cycle, CycleArguments, CycleOpening
from pipeline_tasks.settings import Project, parse_project
from pipeline_tasks.stages.ingest.open_cycle import open_cycle
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store

SMALL_PNG = {
    "size_bytes": 1,
    "file_format": "PNG",
    "width_px": 8,
    "height_px": 8,
    "orientation": 1,
    "frames": 1,
    "canonical_form": 2,
    "bit_depth": None,
}
"""Columns of `images` for a file that no test decodes; its ids come beside them."""
STARTED_AT = datetime(2026, 11, 21, 22, 0, tzinfo=timezone.utc)


def a_project(**settings: Any) -> Project:
    """A project of two classes; `settings` replace or add whole keys."""
    content: dict[str, Any] = {
        "project": "parts",
        "classes": ["bolt", "nut"],
        "sources": [{"name": "inbox", "path": "inbox", "settle_s": 0}],
        "selection": {"budget": 4},
        "labeling": {"deadline_s": 3600},
        "gates": {"margin": 0.05},
    }
    return parse_project(content | settings, "given.a_project")


def an_open_cycle(store: Store, cycle_id: str = "2026-11-21", arguments: CycleArguments | None = None, **settings: Any) -> Cycle:
    """A cycle that `open_cycle` has opened in this store."""
    open_cycle(store, CycleOpening(a_project(**settings), cycle_id, "test", STARTED_AT, "test"), arguments=arguments)
    return read_cycle(store, cycle_id)


def image_id(number: int | str) -> str:
    """A stable image_id for a small number or name."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def real_data(*parts: str) -> Path:
    """A folder of real images below NIGHTLENS_DATA (default: the sibling folder ../shared/data); without it the test skips."""
    folder = Path(os.environ.get("NIGHTLENS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.joinpath(*parts).exists():
        pytest.skip(f"no real data: {folder.joinpath(*parts)} is not there (set NIGHTLENS_DATA)")
    return folder.joinpath(*parts)
