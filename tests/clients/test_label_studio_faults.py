"""Tests that a failing line to a real Label Studio doubles no task and loses no annotation; the drill of that name is larger."""

from __future__ import annotations

import pytest
from clients.label_studio_server import RealLabelStudio
from drills import label_studio_server_faults

pytestmark = pytest.mark.services


def test_push_over_a_failing_line__makes_each_task_once(label_studio_server: RealLabelStudio) -> None:
    assert label_studio_server_faults.push(label_studio_server.url, label_studio_server.token, tasks=20) == []


def test_pull_over_a_failing_line__loses_and_doubles_no_revision(label_studio_server: RealLabelStudio) -> None:
    server = label_studio_server
    assert label_studio_server_faults.pull(server.url, server.token, seed=1, annotations=16, restart="") == []
