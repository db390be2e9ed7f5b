"""Tests of `pipeline_tasks.evaluation.test_used`."""

from __future__ import annotations

import pytest

from pipeline_tasks.evaluation.test_used import chance_of_luck, decisions_on, why_worn


def test_decisions_on__of_the_first_decision_is_one() -> None:
    assert decisions_on(["a", "b"], (), 0.0) == 1.0


def test_decisions_on__counts_new_images_from_tonight_on() -> None:
    """Two images were used for three decisions and now for a fourth; two are new: (4 + 4 + 1 + 1) / 4."""
    assert decisions_on(["a", "b", "c", "d"], ["a", "b"], 3.0) == 2.5


def test_decisions_on__of_no_images_is_none() -> None:
    assert decisions_on([], ["a"], 3.0) == 0.0


def test_chance_of_luck__of_one_decision_is_what_the_gate_allows() -> None:
    assert chance_of_luck(1, 0.95) == pytest.approx(0.025)
    assert chance_of_luck(2, 0.95) == pytest.approx(1 - 0.975**2)


def test_why_worn__warns_once_luck_is_likelier_than_not() -> None:
    assert why_worn(27, 0.95) == ""
    assert why_worn(28, 0.95).startswith("Each test image was used for 28 decisions on average.")
    assert "a chance of 51 %" in why_worn(28, 0.95)
