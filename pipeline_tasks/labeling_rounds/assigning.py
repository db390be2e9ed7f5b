"""People asked for by name in a labeling round: dealt tasks, their names in Label Studio, and their pseudonyms in tables."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from pipeline_tasks.annotations.assigning import AboutImage, dealt
from pipeline_tasks.annotations.revisions import annotator_pseudonym
from pipeline_tasks.annotations.task_keys import PlannedTask
from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.sighting import Sighting

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assigned:
    """Tasks of a round that somebody is asked for by name."""

    names: Mapping[str, str] = field(default_factory=dict)
    """task_key → name of the person, as people see it."""
    pseudonyms: Mapping[str, str] = field(default_factory=dict)
    """Name → pseudonym, as tables have it."""
    has_rules: bool = False

    def pseudonym(self, task_key: str) -> str | None:
        """Pseudonym of the person who is asked; None: anyone."""
        return self.pseudonyms.get(self.names.get(task_key, ""))


def pseudonyms(cycle: Cycle) -> dict[str, str]:
    """Name of each person in the project file → pseudonym."""
    assignment = cycle.project.labeling.assignment
    people = {} if assignment is None else assignment.people
    return {name: annotator_pseudonym(cycle.project.project, person.account) for name, person in people.items()}


def names_of_people(cycle: Cycle) -> dict[str, str]:
    """Pseudonym → name of each person in the project file."""
    return {pseudonym: name for name, pseudonym in pseudonyms(cycle).items()}


def assign(store: Store, cycle: Cycle, planned: Sequence[PlannedTask], predicted: pl.DataFrame) -> Assigned:
    """Deal the round's tasks to people by the project's rules; `predicted`: rows of `PreAnnotatedObject` of the round."""
    assignment = cycle.project.labeling.assignment
    if assignment is None:
        return Assigned()
    names = dealt(assignment, planned, _about(store, cycle, list({task.image_id for task in planned}), predicted))
    return Assigned(names, pseudonyms(cycle), has_rules=True)


def with_people(
    summary: SendToLabelingSummary, assigned: Assigned, label_studio: LabelStudio, project_id: int
) -> SendToLabelingSummary:
    """The summary with the tasks of each person and the tab that shows them, which is made if it is missing."""
    if not assigned.has_rules:
        return summary
    tasks = Counter(assigned.names.values())
    tabs = person_tabs(label_studio, project_id, sorted(tasks))
    for name, count in sorted(tasks.items()):
        logger.info("%d tasks are for %s: %s", count, name, tabs[name])
    return replace(
        summary,
        assigned={assigned.pseudonyms[name]: count for name, count in sorted(tasks.items())},
        tasks_for_anyone=summary.tasks - tasks.total(),
        person_tabs={assigned.pseudonyms[name]: url for name, url in tabs.items()},
    )


def person_tabs(label_studio: LabelStudio, project_id: int, names: Sequence[str]) -> dict[str, str]:
    """Name → address of the tab with the open tasks of this person, of all rounds."""
    views = {name: label_studio.find_or_create_person_view(project_id, name) for name in names}
    return {name: label_studio.round_url(project_id, view_id) for name, view_id in views.items()}


def _about(store: Store, cycle: Cycle, image_ids: list[str], predicted: pl.DataFrame) -> dict[str, AboutImage]:
    """All that the rules ask about each image."""
    people, labeling = names_of_people(cycle), kind_of(cycle.project).labeling
    said = objects_by(predicted.sort("image_id", "object_index"), ("image_id",), labeling)
    names = {image_id: set(labeling.counts(objects)) for (image_id,), objects in said.items()}
    looks = store.read(SecondLook, cycle.cycle_id) if store.has(SecondLook, cycle.cycle_id) else None
    for image_id, *suspected in [] if looks is None else looks.select("image_id", "given_name", "suggested_name").rows():
        names.setdefault(image_id, set()).update(name for name in suspected if name is not None)
    sources: dict[str, set[str]] = {}
    for image_id, source in store.rows_of(Sighting, image_ids, columns=["image_id", "source"]).iter_rows():
        sources.setdefault(image_id, set()).add(source)
    given = store.rows_of(Annotation, image_ids, columns=["image_id", "annotator_id", "state"])
    answered: dict[str, set[str]] = {}
    for image_id, who in given.filter(pl.col("state").cast(pl.String) == "answered").select("image_id", "annotator_id").rows():
        answered.setdefault(image_id, set()).add(people.get(who, ""))
    return {one: AboutImage(names.get(one, set()), sources.get(one, set()), answered.get(one, set())) for one in image_ids}
