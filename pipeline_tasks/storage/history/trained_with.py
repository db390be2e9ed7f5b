"""The cycle of a training with the settings that it used: those of its project, or those that its search found."""

from __future__ import annotations

from dataclasses import replace

from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.settings.search import changed_training
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store


def trained_with(store: Store, cycle_id: str) -> Cycle:
    """A cycle as it was opened, with the settings that its search found, if it searched.

    Raises:
        MissingStageError: the cycle was never opened.
    """
    cycle, searched = read_cycle(store, cycle_id), store.find_summary(cycle_id, ChooseSettingsSummary)
    return cycle if searched is None or not searched.is_found else with_found_settings(cycle, searched)


def with_found_settings(cycle: Cycle, searched: ChooseSettingsSummary) -> Cycle:
    """The cycle of a search, as if the project had the settings that it found."""
    training = changed_training(cycle.project.training, searched.settings)
    return replace(cycle, project=cycle.project.model_copy(update={"training": training}))
