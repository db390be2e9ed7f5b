"""Tests of the choice of settings, and of what a candidate is trained with."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_search import Search

pytestmark = pytest.mark.slow


def test_choose_settings__says_why_and_gives_lines_to_paste(undisturbed: Search) -> None:
    summary = undisturbed.choose()
    assert summary.is_found, "a learning rate of 0.001 for two epochs is far too small here"
    assert summary.yaml.startswith("training:\n  ")
    assert summary.gain is not None
    assert summary.noise is not None
    assert summary.gain > summary.noise
    assert "fresh folds" in summary.why


def test_train_model__of_a_search_trains_with_the_found_settings(undisturbed: Search) -> None:
    trained = undisturbed.train()
    assert trained.skipped is None
    assert trained.views == undisturbed.choose().settings["augmented_views"]


def test_train_model__of_a_search_that_found_nothing_trains_nothing(tmp_path: Path) -> None:
    search = Search(tmp_path, space={"learning_rate": {"low": 1e-8, "high": 2e-8}})
    search.whole()
    assert not search.choose().is_found
    trained = search.train()
    assert trained.skipped == search.choose().why
    assert "own settings" in trained.skipped
