"""Tests of hostile annotation files of every format in a process of their own, whose time, memory and opened files are measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import given_hostile_sets
import pytest

MAX_S, MAX_MEGABYTES = 2.0, 200.0
CASES = given_hostile_sets.cases()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Case → what the child process told of it."""
    folder = tmp_path_factory.mktemp("hostile")
    asked = {
        name: (form.key, form.label_kind, given_hostile_sets.write_case(form, content, folder / str(number)))
        for number, (name, (form, content)) in enumerate(CASES.items())
    } | given_hostile_sets.write_large(folder / "large")
    lines = [json.dumps([key, kind, str(place)]) for key, kind, place in asked.values()]
    tests = Path(given_hostile_sets.__file__).parent
    places = os.pathsep.join((str(tests), str(tests.parent)))
    run = subprocess.run(
        [sys.executable, given_hostile_sets.__file__],
        input="\n".join(lines),
        env=os.environ | {"PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(asked, map(json.loads, run.stdout.splitlines()), strict=True))


def test_hostile_files__are_at_least_a_hundred() -> None:
    assert len(CASES) >= 100


@pytest.mark.parametrize("case", list(CASES))
def test_hostile_file__is_named_within_the_limits_and_nothing_outside_is_opened(
    case: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    form, told = CASES[case][0], outcomes[case]["told"]

    assert form.path in told or "\x1b[2J.jpg" in told, told
    assert outcomes[case]["outside"] == []
    assert outcomes[case]["seconds"] <= MAX_S
    assert outcomes[case]["megabytes"] <= MAX_MEGABYTES


def test_large_hostile_files__are_left_out_within_the_limits(outcomes: dict[str, dict[str, Any]]) -> None:
    large = {name: one for name, one in outcomes.items() if name not in CASES}

    assert len(large) == 8
    for name, one in large.items():
        assert one["told"], name
        assert one["seconds"] <= MAX_S, name
        assert one["megabytes"] <= MAX_MEGABYTES, name
        assert len(one["told"]) < 3000, name
