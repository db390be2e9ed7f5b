"""A round in a real Label Studio whose images are for people by name, and a wrong person's answer that is asked again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from clients.label_studio_server import RealLabelStudio
from clients.test_label_studio_round import Round

from pipeline_tasks.annotations.revisions import annotator_pseudonym
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.second_looks.coming_again import misdirected_images
from pipeline_tasks.second_looks.look import Standing
from pipeline_tasks.stages.label.resolve_labels import resolve_labels
from pipeline_tasks.storage.history.open_tasks import with_open_task
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.labeling_task import LabelingTask

pytestmark = pytest.mark.services


@pytest.fixture
def people(label_studio_server: RealLabelStudio, disk_store: Store) -> Iterator[Round]:
    with LabelStudio(label_studio_server.url, label_studio_server.token) as client:
        yield Round(label_studio_server, disk_store, client, f"people_{time.time_ns() % 10**9}")


def test_round__shows_each_person_their_tasks_and_asks_again_where_another_one_answered(people: Round) -> None:
    store = people.store
    accounts = [int(client.get("/api/current-user/whoami").json()["id"]) for client in people.people[:2]]
    named = {name: {"account": account} for name, account in zip(("Ada", "Ben"), accounts, strict=True)}
    assignment = {"people": named, "rules": [{"people": ["Ada", "Ben"]}]}
    ada, ben = (annotator_pseudonym(people.name, account) for account in accounts)
    first = people.open("2026-11-21", range(3), labeling={"deadline_s": 3600, "overlap_ratio": 0.0, "assignment": assignment})
    sent = people.send(first)

    def tab(who: str) -> list[int]:
        """Ids of the tasks that a person's tab shows."""
        view = sent.person_tabs[who].rpartition("=")[2]
        shown = people.ask(f"/api/tasks?project={sent.label_studio_project_id}&view={view}&page_size=100").json()
        return sorted(task["id"] for task in shown["tasks"])

    def asked(of: str) -> list[int]:
        return store.read(LabelingTask, first.cycle_id).filter(assigned_to=of)["label_studio_task_id"].sort().to_list()

    assert (sent.assigned, len(asked(ada)), tab(ada), tab(ben)) == ({ada: 2, ben: 1}, 2, asked(ada), asked(ben))
    columns: Any = people.ask(f"/api/dm/columns?project={sent.label_studio_project_id}").json()["columns"]
    assert "for" in [one["id"] for one in columns]

    for number in asked(ada) + asked(ben):
        people.annotate(0, number, "bolt")
    collected = people.collect(first)
    resolve_labels(store, first)
    assert (tab(ada), tab(ben)) == ([], [])
    assert (collected.annotations_new, collected.annotations_by_another) == (3, 1)
    assert sorted(store.current(Label)["votes"]) == [0, 1, 1]

    (look,) = misdirected_images(store, first.project.labeling, Standing({}, with_open_task(store)))
    labeling = {"deadline_s": 3600, "overlap_ratio": 0.0, "assignment": assignment | {"rules": [{"people": ["Ben"]}]}}
    second = people.open("2026-11-22", range(0), {look.image_id: look.purpose}, labeling=labeling)
    again = people.send(second)
    assert again.person_tabs == {ben: sent.person_tabs[ben]}
    (task_id,) = tab(ben)
    people.annotate(1, task_id, "nut")
    assert people.collect(second).annotations_by_another == 0
    resolve_labels(store, second)
    assert sorted(store.current(Label)["votes"]) == [1, 1, 1]
