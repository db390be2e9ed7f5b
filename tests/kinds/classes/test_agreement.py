"""Tests of agreement on classes, counted by hand."""

import pytest

from pipeline_tasks.kinds.classes.agreement import agreement


def test_agreement__counts_pairs_and_takes_chance_off() -> None:
    """Three of four pairs agree; half of the answers are a, so chance gives one half."""
    found = agreement(
        {
            "1": {"x": "a", "y": "a"},
            "2": {"x": "b", "y": "b"},
            "3": {"x": "a", "y": "b"},
            "4": {"x": "a", "z": "a"},
            "5": {"x": "b"},
            "6": {"x": "b", "z": "b"},
        }
    )
    assert (found.images, found.pairs) == (5, 5)
    assert found.agreeing_ratio == pytest.approx(0.8)
    assert "kappa (Scott's pi) 0.60" in found.says
    assert found.pairwise == {("x", "y"): (3, 2), ("x", "z"): (2, 2)}


def test_agreement__of_one_class_only_has_no_kappa() -> None:
    assert agreement({"1": {"x": "a", "y": "a"}}).says.startswith("kappa (Scott's pi) not defined")


def test_agreement__without_a_shared_image_is_unknown() -> None:
    assert agreement({"1": {"x": "a"}}).agreeing_ratio is None
