"""A labeling round in a real Label Studio, from push to labels."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import given
import httpx
import numpy as np
import polars as pl
import pytest
from a_labeling_round import image_rows, look_rows, selected_rows, summaries_of_picks
from clients.label_studio_server import RealLabelStudio, sign_up
from PIL import Image as PillowImage

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.second_looks.verdicts import new_verdicts
from pipeline_tasks.stages.label.collect_annotations import collect_annotations
from pipeline_tasks.stages.label.resolve_labels import resolve_labels
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.stages.label.wait_for_annotators import wait_for_annotators
from pipeline_tasks.storage.blobs.annotation_log import list_revisions
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.selection import SelectedImage

pytestmark = pytest.mark.services

IMAGES = int(os.environ.get("NIGHTLENS_DRILL_IMAGES", "20"))
"""240 in the drill."""
COPIES = 2 * round(0.1 * IMAGES)
POSITION = b"48.8584 N"
"""Stands in the EXIF data of every original."""


class Round:
    """One project whose images are put to three people, with a clock on each step."""

    def __init__(self, server: RealLabelStudio, store: Store, client: LabelStudio, name: str) -> None:
        self.store, self.client, self.server = store, client, server
        self.files = AnnotatorFiles(server.document_root, name)
        self.people = [sign_up(server, f"{person}@{name.replace('_', '-')}.example.com") for person in ("ada", "ben", "cho")]
        self.name = name
        self.seconds: dict[str, float] = {}

    def open(self, cycle_id: str, images: range, looks: Mapping[str, str] = {}, **settings: Any) -> Cycle:
        labeling = {"deadline_s": 3600, "overlap_ratio": 0.1, "question": 'Is it a "bolt" & <not> a nut?'}
        cycle = given.an_open_cycle(self.store, cycle_id, **{"project": self.name, "labeling": labeling} | settings)
        originals = [put_original(self.store.objects, a_photograph(number)) for number in images]
        recorded, picked = summaries_of_picks(len(originals))
        self.store.finish(cycle_id, "record_images", recorded, [(Image, image_rows(originals))])
        writes: list[Write] = [(SelectedImage, selected_rows(originals))]
        writes += [(SecondLook, look_rows(looks, cycle.round_id))] if looks else []
        self.store.finish(cycle_id, "select_images", picked, writes)
        return cycle

    def ask(self, address: str) -> httpx.Response:
        return self.people[0].get(address)

    def send(self, cycle: Cycle, step: str = "send") -> SendToLabelingSummary:
        with DecodingPool() as decoder, self.timed(step):
            return send_to_labeling(self.store, cycle, self.client, self.files, decoder, given.STARTED_AT)

    def collect(self, cycle: Cycle, step: str = "collect") -> CollectAnnotationsSummary:
        with self.timed(step):
            return collect_annotations(self.store, cycle, self.client, self.files)

    def annotate(self, person: int, task_id: int, class_name: str | None, **fields: Any) -> int:
        choice = {"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": [class_name]}}
        content = {"result": [choice] if class_name else [], "lead_time": 1.5} | fields
        annotated = self.people[person].post(f"/api/tasks/{task_id}/annotations", json=content)
        annotated.raise_for_status()
        return int(annotated.json()["id"])

    def timed(self, step: str) -> Any:
        return _Timed(self.seconds, step)


class _Timed:
    def __init__(self, seconds: dict[str, float], step: str) -> None:
        self.seconds, self.step = seconds, step

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self.seconds[self.step] = time.perf_counter() - self.started


def a_photograph(number: int) -> bytes:
    """A JPEG with a position in its EXIF data."""
    pixels = np.random.default_rng(number).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    exif = PillowImage.Exif()
    exif[0x010E] = POSITION.decode()
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).resize((640, 480)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.fixture
def client(label_studio_server: RealLabelStudio) -> Iterator[LabelStudio]:
    with LabelStudio(label_studio_server.url, label_studio_server.token) as client:
        yield client


@pytest.fixture
def pushed_round(label_studio_server: RealLabelStudio, disk_store: Store, client: LabelStudio) -> Round:
    return Round(label_studio_server, disk_store, client, f"round_{time.time_ns() % 10**9}")


def test_round__goes_from_push_to_labels_and_takes_late_changes(pushed_round: Round, capsys: pytest.CaptureFixture[str]) -> None:
    people, store = pushed_round, pushed_round.store
    first = people.open("2026-11-21", range(IMAGES))
    pushed = people.send(first)
    assert (pushed.images, pushed.tasks) == (IMAGES, IMAGES + COPIES)
    ids = store.read(LabelingTask, first.cycle_id)["label_studio_task_id"].to_list()

    # The third is skipped, of the fourth the answer is that nothing is there, the last one stays open.
    started = time.perf_counter()
    said = [None if index in (2, 3) else "bolt" for index in range(len(ids) - 1)]
    numbers = [
        people.annotate(n % 3, task, name, was_cancelled=n == 2) for n, (task, name) in enumerate(zip(ids, said, strict=False))
    ]
    people.seconds["answer"] = time.perf_counter() - started
    with people.timed("wait"):
        look = wait_for_annotators(store, first, people.client, people.files, given.STARTED_AT)
    assert (look.tasks, look.answered, look.is_released) == (len(ids), len(ids) - 1, False)

    collected = people.collect(first)
    assert collected == CollectAnnotationsSummary(len(ids) - 1, 0, 0, 1, 0, annotators=3, tasks_unanswered=1)
    assert people.collect(first, "collect again") == collected
    resolve_labels(store, first)

    # Next night: one answer edited, one deleted, the open task answered, and nothing new is asked.
    second = people.open("2026-11-22", range(0))
    assert people.send(second, "send nothing").tasks == 0
    edit = [{"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": ["nut"]}}]
    people.people[0].patch(f"/api/annotations/{numbers[0]}", json={"result": edit}).raise_for_status()
    people.people[1].delete(f"/api/annotations/{numbers[1]}").raise_for_status()
    people.annotate(2, ids[-1], "bolt")
    late = people.collect(second, "collect late")
    assert late == CollectAnnotationsSummary(1, 1, 1, 0, 3, annotators=2, tasks_unanswered=0)
    assert people.collect(second, "collect late again") == late
    states = dict(store.current(Annotation)["state"].cast(str).value_counts().iter_rows())
    assert states == {"answered": len(ids) - 2, "skipped": 1, "deleted": 1}
    images = store.read(LabelingTask, first.cycle_id)["image_id"].to_list()
    assert resolve_labels(store, second).images == len({images[0], images[1], images[-1]})
    log = b"".join(store.objects.read(key).content for key in store.objects.list("annotation_log/"))
    assert len(list(list_revisions(store.objects))) == len(ids) + 2
    assert b"example.com" not in log
    with capsys.disabled():
        print("\n", {step: float(f"{seconds:.2f}") for step, seconds in people.seconds.items()})  # noqa: T201


def test_round__is_pushed_once_though_pushed_twice(pushed_round: Round) -> None:
    people = pushed_round
    cycle = people.open("2026-11-21", range(6))
    pushed = people.send(cycle)
    tasks = people.store.read(LabelingTask, cycle.cycle_id)
    data = [{"task_key": key, "round_id": pushed.round_id} for key in tasks["task_key"]]
    project_id = pushed.label_studio_project_id or 0

    assert people.send(cycle, "send again") == pushed
    assert people.client.import_tasks(project_id, pushed.round_id, data) == dict(
        tasks.select("task_key", "label_studio_task_id").iter_rows()
    )
    form = label_form(kind_of(cycle.project), cycle.project.labeling.question)
    assert people.client.find_or_create_project(people.name, form.xml, form.digest) == project_id
    assert people.client.find_or_create_view(project_id, pushed.round_id) == pushed.label_studio_view_id
    assert people.ask(f"/api/projects/{project_id}/?include=task_number").json()["task_number"] == len(data)
    shown = people.ask(f"/api/tasks?project={project_id}&view={pushed.label_studio_view_id}&page_size=100").json()
    assert shown["total"] == len(data)


def test_round__asks_other_people_about_a_doubted_label_without_saying_so_and_keeps_the_verdict(pushed_round: Round) -> None:
    people, store = pushed_round, pushed_round.store
    people.send(first := people.open("2026-11-21", range(2)))
    doubted = store.read(SelectedImage, first.cycle_id)["image_id"][0]

    def look(cycle: Cycle, person: int, class_name: str) -> tuple[str, ...]:
        """Let a person annotate the image in this round; return the verdicts that this made or changed."""
        tasks = store.read(LabelingTask, cycle.cycle_id).filter(image_id=doubted)
        shown = people.people[person].get(f"/api/tasks/{tasks['label_studio_task_id'][0]}").json()
        assert shown["data"].keys() == {"picture", "image_id", "task_key", "round_id"}
        assert people.people[person].get(shown["data"]["picture"]).status_code == 200
        people.annotate(person, tasks["label_studio_task_id"][0], class_name)
        people.collect(cycle)
        resolve_labels(store, cycle)
        rows = new_verdicts(store, cycle.cycle_id, kind_of(cycle.project))
        store.finish(cycle.cycle_id, "find_label_errors", FindLabelErrorsSummary(0, 0, {}, []), [(LabelVerdict, rows)])
        return tuple(rows.sort("task_key")["verdict"].cast(str))

    assert look(first, 0, "bolt") == ()
    people.send(second := people.open("2026-11-22", range(2, 4), {doubted: "review"}))
    assert look(second, 1, "nut") == ("unclear",)
    people.send(third := people.open("2026-11-23", range(4, 6), {doubted: "review"}))
    assert look(third, 2, "nut") == ("fixed", "fixed")
    assert store.current(LabelVerdict)["is_same_person"].to_list() == [False, False]


def test_round__shows_images_without_their_exif_data_and_only_to_people_who_are_logged_in(pushed_round: Round) -> None:
    people = pushed_round
    cycle = people.open("2026-11-21", range(2))
    people.send(cycle)
    address = people.files.address(people.store.read(LabelingTask, cycle.cycle_id)["image_id"][0])
    shown = people.ask(address)

    assert POSITION in a_photograph(0)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert not PillowImage.open(io.BytesIO(shown.content)).getexif()
    assert POSITION not in shown.content
    assert httpx.get(people.server.url + address).status_code in (401, 403)


def cycle_project(store: Store, cycle: Cycle) -> int:
    """The Label Studio project of a cycle's round."""
    return int(store.read(LabelingTask, cycle.cycle_id)["label_studio_project_id"][0])


def test_round__stops_when_the_token_is_refused(pushed_round: Round) -> None:
    people = pushed_round
    cycle = people.open("2026-11-21", range(2))
    people.send(cycle)

    with LabelStudio(people.server.url, "0" * 40) as stranger, pytest.raises(ServiceRefusedError, match="status 401"):
        collect_annotations(people.store, cycle, stranger, people.files)


def test_round__whose_project_was_deleted_is_made_again_with_its_answers(pushed_round: Round) -> None:
    people, store = pushed_round, pushed_round.store
    first = people.open("2026-11-21", range(4))
    people.send(first)
    ids = store.read(LabelingTask, first.cycle_id)["label_studio_task_id"].to_list()
    people.annotate(0, ids[0], "bolt")
    people.annotate(1, ids[1], None, was_cancelled=True)
    people.collect(first)
    assert resolve_labels(store, first).images_by_class == {"bolt": 1}
    second = people.open("2026-11-22", range(4, 6))
    deleted = people.send(second).label_studio_project_id
    people.people[0].delete(f"/api/projects/{deleted}").raise_for_status()

    look = wait_for_annotators(store, second, people.client, people.files, given.STARTED_AT)
    assert (look.tasks, look.answered) == (2, 0)
    collected = people.collect(second)
    assert (collected.projects_made_again, collected.annotations_deleted, collected.tasks_lost) == ([deleted], 0, 0)
    assert (collected.annotations_new, collected.annotators) == (0, 2)
    form = label_form(kind_of(second.project), second.project.labeling.question)
    place = people.client.find_or_create_project(people.name, form.xml, form.digest)
    there = people.client.changed_since(place, None)
    assert place != deleted
    assert sorted(len(task["annotations"]) for task in there) == [0, 0, 0, 0, 1, 1]
    answered = {task["data"]["image_id"]: task["annotations"][0] for task in there if task["annotations"]}
    images = store.read(LabelingTask, first.cycle_id)["image_id"].to_list()
    assert answered[images[0]]["result"][0]["value"]["choices"] == ["bolt"]
    assert answered[images[1]]["was_cancelled"]
    assert not answered[images[0]]["ground_truth"]

    third = people.open("2026-11-23", range(0))
    people.send(third)
    edit = [{"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": ["nut"]}}]
    people.people[2].patch(f"/api/annotations/{answered[images[0]]['id']}", json={"result": edit}).raise_for_status()
    people.people[2].delete(f"/api/annotations/{answered[images[1]]['id']}").raise_for_status()
    late = people.collect(third)
    assert (late.annotations_changed, late.annotations_deleted, late.annotations_new) == (1, 1, 0)
    assert resolve_labels(store, third).images_by_class == {"nut": 1}


def test_round__of_a_server_that_lost_an_answer_gets_it_back(pushed_round: Round) -> None:
    people, store = pushed_round, pushed_round.store
    cycle = people.open("2026-11-21", range(2))
    people.send(cycle)
    ids = store.read(LabelingTask, cycle.cycle_id)["label_studio_task_id"].to_list()
    number = people.annotate(0, ids[0], "bolt")
    people.collect(cycle)

    people.client.put_annotation(ids[1], number + 1000, {"result": [], "was_cancelled": True, "ground_truth": False})
    (task,) = [task for task in people.client.changed_since(cycle_project(store, cycle), None) if task["id"] == ids[1]]
    assert [(one["import_id"], one["was_cancelled"]) for one in task["annotations"]] == [(number + 1000, True)]


def test_round__with_choices_renamed_and_added_by_people_names_them_and_gives_them_no_label(pushed_round: Round) -> None:
    people, store = pushed_round, pushed_round.store
    cycle = people.open("2026-11-21", range(3))
    pushed = people.send(cycle)
    project = f"/api/projects/{pushed.label_studio_project_id}/"
    assert pushed.form_differences == []
    edited = people.ask(project).json()["label_config"].replace('value="nut"', 'value="hex nut"')
    edited = edited.replace("</Choices>", '<Choice value="scrap"/></Choices>')
    people.people[1].patch(project, json={"label_config": edited, "title": "Our parts"}).raise_for_status()

    look = wait_for_annotators(store, cycle, people.client, people.files, given.STARTED_AT)
    assert ["'nut' is called 'hex nut'" in look.form_differences[0], "'scrap'" in look.form_differences[1]] == [True, True]
    ids = store.read(LabelingTask, cycle.cycle_id)["label_studio_task_id"].to_list()
    for task_id, name in zip(ids, ["bolt", "hex nut", "scrap"], strict=True):
        people.annotate(0, task_id, name)
    collected = people.collect(cycle)
    assert (collected.unknown_choices, len(collected.form_differences)) == ({"hex nut": 1, "scrap": 1}, 2)
    resolved = resolve_labels(store, cycle)
    assert (resolved.labelled, resolved.unsure, resolved.unmatched) == (1, 0, 2)


def test_round__takes_a_reviewers_star_and_keeps_a_deleted_account_one_person(pushed_round: Round) -> None:
    people, store = pushed_round, pushed_round.store
    first = people.open("2026-11-21", range(10))
    pushed = people.send(first)
    tasks = store.read(LabelingTask, first.cycle_id)
    (image_id,) = tasks.filter(pl.col("copy_number") == 2)["image_id"]
    copies = tasks.filter(image_id=image_id)["label_studio_task_id"].to_list()
    numbers = [
        people.annotate(n, task_id, name) for n, (task_id, name) in enumerate(zip(copies, ["bolt", "bolt", "nut"], strict=True))
    ]
    people.collect(first)
    assert resolve_labels(store, first).images_by_class == {"bolt": 1}

    second = people.open("2026-11-22", range(10, 11))
    later = people.send(second)
    owner = httpx.Client(base_url=people.server.url, headers={"Authorization": f"Token {people.server.token}"}, timeout=60)
    people.people[1].patch(f"/api/annotations/{numbers[2]}", json={"ground_truth": True}).raise_for_status()
    ada = people.ask("/api/current-user/whoami").json()["id"]
    owner.delete(f"/api/users/{ada}").raise_for_status()
    people.collect(second)
    resolved = resolve_labels(store, second)
    assert (resolved.images_by_class, resolved.starred, resolved.changed_labels) == ({"nut": 1}, 1, 1)
    assert store.current(Annotation)["annotator_id"].n_unique() == 3
    tabs = owner.get("/api/dm/views", params={"project": pushed.label_studio_project_id}).json()
    assert [tab["id"] for tab in tabs][:2] == [later.label_studio_view_id, pushed.label_studio_view_id]
    assert tabs[0]["data"]["title"].startswith("2026-11-22 ")
    with LabelStudio(people.server.url, owner.post("/api/token/", json={}).json()["token"]) as personal:
        assert personal.count_tasks(pushed.label_studio_project_id or 0) == 13


def test_round__whose_unanswered_tasks_are_deleted_counts_them(pushed_round: Round) -> None:
    people, store = pushed_round, pushed_round.store
    cycle = people.open("2026-11-21", range(3))
    people.send(cycle)
    ids = store.read(LabelingTask, cycle.cycle_id)["label_studio_task_id"].to_list()
    people.annotate(0, ids[0], "bolt")
    people.people[2].delete(f"/api/tasks/{ids[1]}/").raise_for_status()

    collected = people.collect(cycle)
    assert (collected.tasks_lost, collected.annotations_new, collected.tasks_unanswered) == (1, 1, 2)


def test_round__of_which_one_person_answers_a_task_twice_keeps_both_and_counts_one(pushed_round: Round) -> None:
    people, store = pushed_round, pushed_round.store
    people.send(cycle := people.open("2026-11-21", range(1)))
    (task,) = store.read(LabelingTask, cycle.cycle_id)["label_studio_task_id"]
    for name in ("bolt", "bolt"):
        people.annotate(0, task, name)

    assert people.collect(cycle).annotations_new == 2
    assert (resolve_labels(store, cycle).images_by_class, store.current(Label)["votes"].to_list()) == ({"bolt": 1}, [1])
    people.annotate(0, task, "nut")
    later = people.open("2026-11-22", range(0))
    people.send(later)
    people.collect(later)
    resolve_labels(store, later)
    # The newest counts; the report says that this person contradicted themselves.
    assert store.current(Label).select(pl.col("state").cast(pl.String), "votes").rows() == [("labelled", 1)]
    assert store.current(LabelObject)["class_name"].to_list() == ["nut"]
    assert store.current(Annotation).height == 3
    assert len(list(list_revisions(store.objects))) == 3


def test_round__whose_class_is_renamed_in_the_project_file_between_push_and_pull_takes_answers_by_the_new_name(
    pushed_round: Round,
) -> None:
    people, store = pushed_round, pushed_round.store
    old = people.send(people.open("2026-11-21", range(2)))
    ids = store.read(LabelingTask, "2026-11-21")["label_studio_task_id"].to_list()
    people.annotate(0, ids[0], "bolt")
    later = people.open("2026-11-22", range(2, 4), classes=["screw", "nut"], renamed_classes={"bolt": "screw"})
    new = people.send(later)
    people.annotate(1, ids[1], "bolt")
    people.annotate(2, store.read(LabelingTask, "2026-11-22")["label_studio_task_id"][0], "screw")
    collected = people.collect(later)

    assert new.label_studio_project_id != old.label_studio_project_id, "another form is another project"
    assert (collected.annotations_new, collected.unknown_choices, collected.tasks_unanswered) == (3, {}, 1)
    assert resolve_labels(store, later).images_by_class == {"screw": 3}


def test_round__whose_class_is_renamed_in_label_studio_between_push_and_pull_says_so_and_keeps_the_answer(
    pushed_round: Round,
) -> None:
    people, store = pushed_round, pushed_round.store
    project_id = people.send(cycle := people.open("2026-11-21", range(2))).label_studio_project_id or 0
    owner = httpx.Client(base_url=people.server.url, headers={"Authorization": f"Token {people.server.token}"}, timeout=60)
    edited = people.client.label_config(project_id).replace('value="bolt"', 'value="Bolt"')
    owner.patch(f"/api/projects/{project_id}", json={"label_config": edited}).raise_for_status()
    said, _ = store.read(LabelingTask, cycle.cycle_id)["label_studio_task_id"]
    people.annotate(0, said, "Bolt")
    collected = people.collect(cycle)

    assert (collected.annotations_new, collected.unknown_choices) == (1, {"Bolt": 1})
    assert any("Bolt" in difference for difference in collected.form_differences), collected.form_differences
    assert resolve_labels(store, cycle).images_by_class == {}
    assert len(list(list_revisions(store.objects))) == 1
