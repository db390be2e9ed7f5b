"""Tests of a budget in hours or money: as many images as the time of the answers so far says."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from given import STARTED_AT, a_project, an_open_cycle, image_id
from pydantic import ValidationError

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.labeling_rounds.affordable import affordable
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.annotation import Annotation

PRICED = {"deadline_s": 3600, "cost_per_hour": 20.0, "currency": "EUR"}


def a_store(*seconds: float | None, images: int | None = None, state: str = "answered") -> Store:
    """A store with an answer for each time, about so many images by turns."""
    store, rows = Store(MemoryObjects()), []
    for number, one in enumerate(seconds):
        row: dict[str, Any] = dict.fromkeys(Annotation.column_names())
        row |= {
            "annotation_id": str(number),
            "image_id": image_id(number % (images or len(seconds))),
            "lead_time_s": one,
            "state": state,
        }
        row |= {
            "round_id": "2026-11-20",
            "task_key": image_id(number),
            "annotator_id": "ada",
            "revision": image_id(number),
            "is_starred": False,
        }
        rows.append(row | {"updated_at": STARTED_AT, "revision": image_id(number), "is_starred": False})
    an_open_cycle(store, "2026-11-20")
    if rows:
        answers = pl.DataFrame(rows, infer_schema_length=None)
        store.finish("2026-11-20", "given", FindQualityIssuesSummary(0, 0, {}), [(Annotation, answers)])
    return store


def budget(store: Store, labeling: dict[str, Any] | None = None, **selection: Any) -> tuple[int, str]:
    cycle = an_open_cycle(store, selection={"budget": 500, **selection}, labeling=labeling or PRICED)
    found, said = affordable(store, cycle)
    return found.project.selection.budget, said


def test_affordable__turns_hours_into_images_by_the_median_answer() -> None:
    """One hour at 30 s; somebody left a page open for a day."""
    store = a_store(*[30.0] * 24, 86_400.0)

    assert budget(store, budget_hours=1) == (
        120,
        " 1 h pay for 120 images, at 30 s an answer and 1.00 answers an image so far.",
    )


def test_affordable__counts_all_answers_about_an_image() -> None:
    """Two answers an image, so half of the images."""
    assert budget(a_store(*[30.0] * 40, images=20), budget_hours=1)[0] == 60


def test_affordable__turns_money_into_hours_and_keeps_the_lower_limit() -> None:
    found, said = budget(a_store(*[36.0] * 20), budget_money=40)

    assert found == 200
    assert said.startswith(" 40 EUR pay for 200 images")
    assert budget(a_store(*[36.0] * 20), budget_money=40, budget_hours=1)[0] == 100


def test_affordable__never_raises_the_budget_and_says_so() -> None:
    found, said = budget(a_store(*[3.6] * 20), budget_hours=1)

    assert found == 500
    assert said == " 1 h pay for 1000 images, at 4 s an answer and 1.00 answers an image so far; selection.budget is 500."


@pytest.mark.parametrize(
    "store", [a_store(), a_store(*[30.0] * 19), a_store(*[30.0] * 19, None), a_store(*[30.0] * 30, state="deleted")]
)
def test_affordable__lets_the_budget_stand_until_times_are_known(store: Store) -> None:
    found, said = budget(store, budget_hours=1)

    assert found == 500
    assert said.startswith(" selection.budget of 500 stands: 1 h cannot be turned into images before 20 timed answers are there (")


def test_affordable__changes_nothing_without_a_limit() -> None:
    store = a_store(*[30.0] * 30)
    cycle = an_open_cycle(store)

    assert affordable(store, cycle) == (cycle, "")


def test_budget_of_one_run__is_meant_as_it_is_given() -> None:
    cycle = an_open_cycle(
        Store(MemoryObjects()),
        arguments=CycleArguments(budget=7),
        selection={"budget": 500, "budget_hours": 1, "budget_money": 3},
        labeling=PRICED,
    )

    assert affordable(a_store(*[30.0] * 30), cycle)[0].project.selection.budget == 7


def test_settings__refuse_money_without_the_cost_of_an_hour() -> None:
    with pytest.raises((ValidationError, SettingsError), match=r"budget_money is 40, and labeling\.cost_per_hour is not set"):
        a_project(selection={"budget": 5, "budget_money": 40})
