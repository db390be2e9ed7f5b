"""Tests of the check of a project's newest model."""

from __future__ import annotations

import given

from pipeline_tasks.commands.check_project.newest_model import check_newest_model
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.history.store import Store


def trained(store: Store, cycle_id: str, *never_shown: str, skipped: str | None = None) -> None:
    given.an_open_cycle(store, cycle_id)
    store.finish(cycle_id, "train_model", TrainModelSummary(skipped, train_images=40, never_shown=list(never_shown)))


def test_check_newest_model__says_that_there_is_none(store: Store) -> None:
    trained(store, "2026-11-21", skipped="Not trained: too few labels.")

    assert check_newest_model(store) == "fine: no model was trained yet"


def test_check_newest_model__names_the_classes_that_no_training_image_shows(store: Store) -> None:
    trained(store, "2026-11-21")
    trained(store, "2026-11-22", "bracket", "spring")

    said = check_newest_model(store)

    assert "no training image shows bracket, spring" in said
    assert "label some, or take the name out" in said


def test_check_newest_model__passes_over_nights_that_trained_nothing(store: Store) -> None:
    trained(store, "2026-11-21", "bracket")
    trained(store, "2026-11-22")
    trained(store, "2026-11-23", skipped="Not trained: no new labels.")

    assert check_newest_model(store) == "fine: trained on 40 images, which show every name of its vocabulary"
