"""Four nights of three people at a real Label Studio: predictions shown, several answers, doubted labels, gold, and its gate."""

from __future__ import annotations

import time
from collections.abc import Iterator, Set
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from clients.label_studio_server import RealLabelStudio, sign_up
from given_models import DecodingHere
from given_night import Night, NightServices, a_night

from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.process import NIGHTLY_STAGES
from pipeline_tasks.reports.tree import as_text
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.second_look import SecondLook

pytestmark = pytest.mark.services

OTHER = {"bolt": "nut", "nut": "bolt"}


class PeoplesNight(Night):
    """A night whose people sit at a real Label Studio; `mistaken` says which images everybody takes for the other thing."""

    label_studio: RealLabelStudio
    people: dict[str, httpx.Client]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mistaken: Set[str] = frozenset()
        self.contested: set[str] = set()
        self.asked: dict[str, list[str]] = {}

    def services(self, cycle_id: str) -> NightServices:
        return PeoplesServices(self, cycle_id)

    def night(self, cycle_id: str, *, mistaken: int = 0, contested: int = 0, wrong_gold: bool = False) -> dict[str, dict[str, Any]]:
        """Run all stages; the people answer after the round is sent.

        So many images of one person get a wrong answer, and so many of two people one right and one wrong answer.
        """
        told = {}
        for stage in NIGHTLY_STAGES:
            told[stage] = self.run(stage, cycle_id)
            if stage == "send_to_labeling":
                tasks = self.store.read(LabelingTask, cycle_id).sort("image_id")
                several = tasks.filter(copy_number=1)["image_id"]
                alone = tasks.filter(~pl.col("image_id").is_in(several.implode()))["image_id"]
                self.mistaken, self.contested = set(alone[:mistaken]), self.contested | set(several[:contested])
                self.answer(cycle_id, self.mistaken | (self.looks(cycle_id, "gold") if wrong_gold else frozenset()))
        return told

    def looks(self, cycle_id: str, purpose: str) -> set[str]:
        """Images that are asked about once more in this cycle, for this purpose."""
        rows = self.store.read(SecondLook, cycle_id)
        return set(rows.filter(pl.col("purpose").cast(pl.String) == purpose)["image_id"])

    def answer(self, cycle_id: str, mistaken: Set[str]) -> None:
        """Each task by a person who has not answered its image yet."""
        for row in self.store.read(LabelingTask, cycle_id).sort("label_studio_task_id").iter_rows(named=True):
            image_id, right = row["image_id"], self.classes[row["image_id"]]
            before = self.asked.setdefault(image_id, [])
            person = next(one for one in self.people if one not in before)
            errs = image_id in mistaken or (image_id in self.contested and len(before) == 1)
            self.submit(person, row["label_studio_task_id"], OTHER[right] if errs else right)
            before.append(person)

    def submit(self, person: str, task_id: int, name: str) -> None:
        """Answer a task, as the page does."""
        choice = {"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": [name]}}
        answered = self.people[person].post(f"/api/tasks/{task_id}/annotations", json={"result": [choice], "lead_time": 1.5})
        answered.raise_for_status()

    def shown(self, cycle_id: str) -> set[str]:
        """Images to whose annotator Label Studio shows a prediction."""
        tasks = self.store.read(LabelingTask, cycle_id).select("image_id", "label_studio_task_id").iter_rows()
        client = next(iter(self.people.values()))
        return {image_id for image_id, number in tasks if client.get(f"/api/tasks/{number}").json()["predictions"]}

    def wrong(self) -> set[str]:
        """Images whose label is not what they show."""
        rows = self.store.current(Label, ["image_id", "state"]).filter(pl.col("state").cast(pl.String) == "labelled")
        named = self.store.rows_of(LabelObject, rows["image_id"]).select("image_id", "class_name")
        return {image_id for image_id, name in named.iter_rows() if name != self.classes[image_id]}


class PeoplesServices(NightServices):
    """With a real Label Studio."""

    night: PeoplesNight

    @cached_property
    def label_studio(self) -> LabelStudio:
        return LabelStudio(self.night.label_studio.url, self.night.label_studio.token)

    @cached_property
    def annotator_files(self) -> AnnotatorFiles:
        return AnnotatorFiles(self.night.label_studio.document_root, self.night.project.project)


@pytest.fixture
def nights(label_studio_server: RealLabelStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PeoplesNight]:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    name = f"people_{time.time_ns() % 10**9}"
    labeling = {"deadline_s": 3600, "overlap_ratio": 0.3, "overlap_annotators": 2, "guideline": "A bolt is reddish."}
    ratios = {"review_ratio": 0.1, "escalation_ratio": 0.1, "gold_ratio": 0.3, "prelabel_ratio": 0.5, "new_person_annotations": 0}
    gates = {"margin": 0.05, "min_gold_accuracy": 0.8}
    night = a_night(tmp_path, PeoplesNight, project=name, labeling=labeling | ratios, gates=gates)
    night.label_studio = label_studio_server
    night.people = {
        person: sign_up(label_studio_server, f"{person}@{name.replace('_', '-')}.example.com") for person in ("ada", "ben", "cho")
    }
    yield night
    for client in night.people.values():
        client.close()


def test_nights__of_people_who_err_end_with_right_labels_and_train_on_nothing_that_gold_denies(nights: PeoplesNight) -> None:
    nights.bring(range(30))
    first = nights.night("2026-11-21", mistaken=5, contested=3)
    assert first["promote_model"]["is_promoted"]
    planted = nights.mistaken
    assert (nights.wrong(), len(planted)) == (planted, 5)
    assert (first["resolve_labels"]["unsure"], len(nights.contested)) == (3, 3)

    # Other people say what is right; the label of a doubted image waits for a third person.
    nights.bring(range(30, 40))
    second = nights.night("2026-11-22")
    reviewed = nights.looks("2026-11-22", "review") & planted
    assert len(reviewed) >= 3
    assert nights.looks("2026-11-22", "overlap") == nights.contested
    assert second["resolve_labels"]["gold_right"] == second["resolve_labels"]["gold_images"] >= 5
    arms = nights.store.read(PreAnnotation, "2026-11-22").with_columns(pl.col("arm").cast(pl.String))
    assert nights.shown("2026-11-22") == set(arms.filter(arm="shown")["image_id"]) != set()
    assert set(arms.filter(arm="hidden")["image_id"])
    assert set(nights.store.read(SecondLook, "2026-11-22")["image_id"]) <= set(arms.filter(arm="blind")["image_id"])
    champion = nights.store.state().values["champion"]

    nights.bring(range(40, 50))
    third = nights.night("2026-11-23", wrong_gold=True)
    assert third["find_label_errors"]["reviews"]["fixed"] == len(reviewed)
    built = third["build_dataset_version"]
    assert not built["should_train"]
    assert "the gate on label quality holds" in built["why"]
    assert "correct this round's annotations in Label Studio" in built["why"]
    assert third["train_model"]["skipped"]
    assert nights.store.state().values["champion"] == champion

    nights.bring(range(50, 60))
    fourth = nights.night("2026-11-24")
    assert fourth["build_dataset_version"]["should_train"]
    assert not nights.wrong() & (reviewed | nights.contested)
    told = as_text(explain(nights.store, min(reviewed), nights.folder / "log", DecodingHere()))
    assert [told.count(part) for part in ("─ label ", "─ annotation ", "the label was wrong.")] == [3, 6, 2]
