"""Tests of the opening of a search: the plan is frozen, and what cannot be searched is said."""

from __future__ import annotations

from typing import Any

import pytest
from given import STARTED_AT, a_project

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.search.space import FOR_PLACES, FOR_WHOLE_IMAGES
from pipeline_tasks.settings import Project
from pipeline_tasks.stages.search.open_search import open_search
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

CYCLE = "2026-11-21T120000"


def opening(project: Project) -> CycleOpening:
    return CycleOpening(project, CYCLE, "by hand", STARTED_AT, "test")


def test_open_search__freezes_number_seed_and_space_whatever_is_edited_later() -> None:
    store = Store(MemoryObjects())
    first = open_search(store, opening(a_project(seed=7)), trials=9)
    again = open_search(store, opening(a_project(seed=8, search={"trials": 50})))
    assert (first.trials, first.seed) == (9, 7)
    assert again == first
    assert read_cycle(store, CYCLE).project.search.space == FOR_WHOLE_IMAGES


def test_open_search__of_too_few_trials_says_how_many() -> None:
    with pytest.raises(SettingsError, match="trials: 2: Input should be greater than or equal to 5"):
        open_search(Store(MemoryObjects()), opening(a_project()), trials=2)


def test_open_search__of_a_kind_on_feature_maps_looks_among_what_its_training_follows() -> None:
    store = Store(MemoryObjects())
    open_search(store, opening(a_project(label_kind="box")))
    assert read_cycle(store, CYCLE).project.search.space == FOR_PLACES


@pytest.mark.parametrize(
    ("space", "why"),
    [
        ({"batch_size": {"choices": [8, 16]}}, "search.space: found batch_size; label_kind box does not follow it"),
        (
            {"fit.loss": {"choices": ["cross_entropy", "focal"]}},
            "training.fit.loss: found focal; label_kind box has a loss of its own",
        ),
    ],
)
def test_open_search__of_a_setting_that_the_kind_does_not_follow_says_so(space: dict[str, Any], why: str) -> None:
    store = Store(MemoryObjects())
    with pytest.raises(SettingsError, match=why):
        open_search(store, opening(a_project(label_kind="box", search={"space": space})))
    assert store.state().sequence == 0


def test_open_search__of_a_kind_that_trains_nothing_says_why() -> None:
    with pytest.raises(SettingsError, match="label_kind text: no settings to search: a model that reads texts"):
        open_search(Store(MemoryObjects()), opening(a_project(label_kind="text", classes=[])))


def test_open_search__of_a_whole_network_says_that_it_is_for_heads() -> None:
    with pytest.raises(SettingsError, match="network: found unet; the search is for heads on a frozen backbone"):
        open_search(Store(MemoryObjects()), opening(a_project(label_kind="mask", network={"name": "unet"})))
