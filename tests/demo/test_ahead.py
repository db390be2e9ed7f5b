"""Tests of drawing a night ahead of time, in another process."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from demo.ahead import WorkAhead
from demo.errors import DemoError
from demo.inbox import parts_inbox
from demo.night import draw_night
from demo.truth import read_truth, truth_path

pytestmark = pytest.mark.slow

FILES = 24


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_parts_inbox__is_filled_with_the_same_nights_whether_they_were_drawn_ahead_or_not(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    inbox = parts_inbox(one, FILES)
    told: list[tuple[int, int]] = []

    with inbox.ahead(2):
        for night in (1, 2):
            inbox.fill(night, lambda done, total: told.append((done, total)))
    inbox_without, truth_file = parts_inbox(other, FILES), truth_path(other, "parts")
    inbox_without.fill(1, lambda done, total: None)
    inbox_without.fill(2, lambda done, total: None)

    assert files(one) == files(other)
    assert told.count((FILES, FILES)) == 2
    assert len(read_truth(truth_file).images) > FILES


def test_parts_inbox__does_not_bring_in_a_night_before_it_is_asked_to(tmp_path: Path) -> None:
    inbox = parts_inbox(tmp_path, FILES)

    with inbox.ahead(2):
        inbox.fill(1, lambda done, total: None)
        draw_night(1, FILES, 20261121, tmp_path / "expected", tmp_path / "expected.json", "parts")
        assert set(files(inbox.folder)) == set(files(tmp_path / "expected"))


def test_work_ahead__is_ended_with_all_its_processes_when_its_block_ends() -> None:
    ahead = WorkAhead(time.sleep)

    with ahead.begin(100):
        assert ahead.does(100)
        assert not ahead.does(101)
        child = ahead._child
        assert child is not None
        assert child.pid is not None
        time.sleep(0.5)

    assert not ahead.does(1)
    with pytest.raises(ProcessLookupError):
        os.killpg(child.pid, 0)


def test_work_ahead__raises_its_failure_where_it_is_awaited(capfd: pytest.CaptureFixture[str]) -> None:
    ahead = WorkAhead(os.closerange)  # type: ignore[arg-type]

    with ahead.begin(1), pytest.raises(DemoError, match="ended too soon; see its error above"):
        ahead.wait(lambda: False, lambda: None)

    assert "TypeError" in capfd.readouterr().err
