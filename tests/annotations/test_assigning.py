"""Tests that the rules deal tasks to people, and never two copies of an image to one."""

from __future__ import annotations

from typing import Any

from pipeline_tasks.annotations.assigning import AboutImage, dealt
from pipeline_tasks.annotations.task_keys import PlannedTask
from pipeline_tasks.settings.assignment import AssignmentSettings

PEOPLE = {"ada": {"account": 1, "skills": ["cracks"]}, "ben": {"account": 2}, "cho": {"account": 3, "skills": ["cracks", "night"]}}


def tasks(*keys: str) -> list[PlannedTask]:
    """Tasks of the images that their first letters name."""
    return [PlannedTask(key, key[0], "first", 0) for key in keys]


def deal(rules: list[dict[str, Any]], planned: list[PlannedTask], **about: AboutImage) -> dict[str, str]:
    return dealt(AssignmentSettings.model_validate({"people": PEOPLE, "rules": rules}), planned, about)


def test_dealt__spreads_images_evenly_over_the_people_of_a_rule() -> None:
    assert deal([{"people": ["ada", "ben"]}], tasks("a", "b", "c")) == {"a": "ada", "b": "ben", "c": "ada"}


def test_dealt__takes_the_first_rule_that_fits_by_predicted_name_source_and_skill() -> None:
    rules = [
        {"skills": ["cracks", "night"], "names": ["crack"], "sources": ["line"]},
        {"skills": ["cracks"], "names": ["crack"]},
        {"people": ["ben"], "sources": ["line"]},
    ]
    crack, line = AboutImage(names={"crack", "nut"}), AboutImage(sources={"line", "lab"})
    both = AboutImage(names={"crack"}, sources={"line"})

    found = deal(rules, tasks("a", "b", "c", "d"), a=crack, b=line, c=both, d=AboutImage(names={"nut"}))

    assert found == {"a": "ada", "b": "ben", "c": "cho"}, "no rule fits d, so it is for anyone"


def test_dealt__gives_nobody_two_copies_nor_an_image_that_they_answered() -> None:
    planned = tasks("a0", "b0", "a1", "b1")

    found = deal([{"skills": ["cracks"]}], planned, b=AboutImage(annotated_by={"ada"}))

    assert found == {"a0": "ada", "b0": "cho", "a1": "cho"}, "nobody is left for the second copy of b"
