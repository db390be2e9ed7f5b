"""Tests of the opening of a pretraining: the plan is frozen."""

from __future__ import annotations

import pytest
from given import STARTED_AT, a_project

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.settings import Project
from pipeline_tasks.stages.pretrain.open_pretraining import open_pretraining
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

CYCLE = "2026-11-21T120000"
DISTILLED = {"method": "distillation", "teacher": {"name": "small_cnn"}}


def opening(project: Project) -> CycleOpening:
    return CycleOpening(project, CYCLE, "by hand", STARTED_AT, "test")


def test_open_pretraining__freezes_method_epochs_and_seed_whatever_is_edited_later() -> None:
    store = Store(MemoryObjects())
    first = open_pretraining(store, opening(a_project(seed=7)), method="dino", epochs=9)
    again = open_pretraining(store, opening(a_project(seed=8, pretraining={"epochs": 50})))
    assert (first.method, first.epochs, first.seed) == ("dino", 9, 7)
    assert again == first
    cycle = read_cycle(store, CYCLE)
    assert (cycle.cycle_kind, cycle.project.pretraining.method, cycle.project.pretraining.epochs) == ("pretraining", "dino", 9)


def test_open_pretraining__by_another_method_forgets_the_teacher_of_the_file() -> None:
    store = Store(MemoryObjects())
    open_pretraining(store, opening(a_project(pretraining=DISTILLED)), method="simclr")
    assert read_cycle(store, CYCLE).project.pretraining.teacher is None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"epochs": 0}, r"pretraining.epochs: Input should be greater than or equal to 1"),
        ({"method": "distillation"}, r"pretraining.teacher: .*name it"),
    ],
)
def test_open_pretraining__says_what_is_wrong_and_records_nothing(given: dict[str, object], problem: str) -> None:
    store = Store(MemoryObjects())
    with pytest.raises(SettingsError, match=problem):
        open_pretraining(store, opening(a_project()), **given)  # type: ignore[arg-type]
    assert store.state().sequence == 0
