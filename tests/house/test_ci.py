"""Tests that CI runs each test once."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from conftest import marks_in

ROOT = Path(__file__).parents[2]
MARKS = ("slow", "airflow", "services", "browser")


def expressions(target: str) -> list[str]:
    """Expressions of `-m` in the commands of a target of the Makefile."""
    commands = re.search(rf"^{target}: .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert commands is not None, target
    return re.findall(r'pytest .*-m "(.+?)"', commands[1])


@pytest.mark.parametrize("targets", [("check", "test-rest"), ("test",)])
def test_tests_with_any_marks__run_once(targets: tuple[str, ...]) -> None:
    steps = [one for target in targets for one in expressions(target)]

    for values in product((False, True), repeat=len(MARKS)):
        marks = dict(zip(MARKS, values, strict=True))
        assert sum(bool(eval(one, {"__builtins__": {}}, marks)) for one in steps) == 1, marks


def test_ci__makes_both_halves() -> None:
    made = re.findall(r"^make (\S+)", (ROOT / ".ci/run").read_text(), re.MULTILINE)

    assert {"check", "test-rest"} <= set(made)


def test_marks_of_an_expression__are_those_wanted_and_those_unwanted() -> None:
    assert marks_in("(slow or airflow) and not services and not browser") == ({"services", "browser"}, {"slow", "airflow"})
    assert marks_in("") == (set(), set())
