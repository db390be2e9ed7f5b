"""Tests of fail points: without effect until they are armed, then with exactly one action."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.storage.objects import fail_points
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.fail_points import ENVIRONMENT, arm, around, listen

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    listen(None)
    yield
    listen(None)


def test_around__makes_no_object_without_a_listener() -> None:
    assert around("a") is around("b")


def test_listen__hears_before_and_after_and_no_after_of_a_failed_write() -> None:
    heard: list[str] = []
    listen(heard.append)

    with around("a"):
        heard.append("the write")
    with pytest.raises(OSError, match="broken"), around("b"):
        raise OSError("broken")

    assert heard == ["a.before", "the write", "a.after", "b.before"]


def test_arm__acts_on_the_given_hit(tmp_path: Path) -> None:
    objects = DiskObjects(tmp_path)
    arm("disk.write_temporary.before:2:full")
    objects.write_new("a", b"1")

    with pytest.raises(OSError, match="No space left"):
        objects.write_new("b", b"2")

    assert list(objects.list("")) == ["a"]
    assert list((tmp_path / ".temporary").iterdir()) == []
    objects.write_new("b", b"2")


@pytest.mark.parametrize("text", ["a.before", "a.before:x:kill", "a.before:1:sing", "a:1:kill", ""])
def test_arm__names_the_expected_form(text: str) -> None:
    with pytest.raises(SettingsError, match=r"wanted name\.before:hit:action"):
        arm(text)


def test_environment__kills_a_process_after_the_link(tmp_path: Path) -> None:
    module = "pipeline_tasks.storage.objects.disk_objects"
    code = f"from pathlib import Path; from {module} import DiskObjects as D; D(Path({str(tmp_path)!r}))"
    environment = os.environ | {ENVIRONMENT: "disk.link.after:1:kill", "PYTHONPATH": str(ROOT)}

    outcome = subprocess.run([sys.executable, "-c", code + ".write_new('a', b'1')"], env=environment, cwd=ROOT, check=False)

    assert outcome.returncode == -signal.SIGKILL
    assert DiskObjects(tmp_path).read("a").content == b"1"
    assert len(list((tmp_path / ".temporary").iterdir())) == 1
    assert fail_points.ACTIONS == ("kill", "full")
