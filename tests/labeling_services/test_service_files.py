"""Tests of the files that a labeling service is given: each image once, for as many people as are wanted, and gold like others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.labeling_services.asking import asked_of
from pipeline_tasks.labeling_services.service import Asked, AskedImage
from pipeline_tasks.labeling_services.services import service_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.labeling_task import LabelingTask

AT = "https://images.example/round/"
ASKED = Asked(
    "2026-11-21",
    "class",
    'Which "part" costs $5?',
    "Look twice.\n\nAsk ${image_url}.",
    ("bolt", "nut & washer"),
    [AskedImage(("k1", "k2", "k3"), "https://images.example/k1.jpg"), AskedImage(("k4",), "https://images.example/k4.jpg")],
)


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def test_asked_of__names_each_image_once_with_its_people_and_without_its_purpose(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=2)
    round.send(first)
    gold, _ = store.read(LabelingTask, first.cycle_id)["image_id"]
    cycle = round.open("2026-11-22", images=4, looks={gold: "gold"}, overlap_ratio=0.25, overlap_annotators=3)
    round.send(cycle)

    asked, image_ids = asked_of(store, cycle, AT)

    assert sorted(len(one.task_keys) for one in asked.images) == [1, 1, 1, 1, 3]
    assert {one.address for one in asked.images} == {f"https://images.example/round/{one.key}.jpg" for one in asked.images}
    assert gold in image_ids.values()
    assert gold not in str(asked)
    assert "gold" not in str(asked)


def test_asked_of__leaves_out_what_is_answered(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=3)
    round.send(first)
    round.server.annotate(round.task_ids(first)[0], ["bolt"])
    round.collect(first)

    assert len(asked_of(store, first, AT)[0].images) == 2


def test_mturk__has_a_file_of_hits_for_each_number_of_assignments() -> None:
    made = service_of("mturk", "class").files(ASKED)

    assert made["hits-1-assignments.csv"] == b"image_url,task_key\nhttps://images.example/k4.jpg,k4\n"
    assert made["hits-3-assignments.csv"] == b"image_url,task_key\nhttps://images.example/k1.jpg,k1\n"
    assert sorted(made) == ["hits-1-assignments.csv", "hits-3-assignments.csv", "page.html"]


def test_mturk__page_offers_the_names_and_keeps_dollars_from_being_placeholders() -> None:
    page = service_of("mturk", "class").files(ASKED)["page.html"].decode()

    assert page.count("${") == 1
    assert 'src="${image_url}"' in page
    assert "&quot;nut &amp; washer&quot;" in page
    assert "costs &#36;5?" in page
    assert "<p>Look twice.</p>" in page


def test_scale__has_a_task_for_each_person() -> None:
    lines = [json.loads(line) for line in service_of("scale", "class").files(ASKED)["tasks.ndjson"].splitlines()]

    assert [one["unique_id"] for one in lines] == ["k1", "k2", "k3", "k4"]
    assert [one["metadata"]["person"] for one in lines] == [0, 1, 2, 0]
    assert lines[0]["categories"][:2] == ["bolt", "nut & washer"]
    assert {one["endpoint"] for one in lines} == {"categorization"}


def test_labelbox__has_data_rows_for_each_number_of_labels_and_an_ontology() -> None:
    made = service_of("labelbox", "class").files(ASKED)

    assert [one["global_key"] for one in json.loads(made["data-rows-3-labels.json"])] == ["k1"]
    assert [one["global_key"] for one in json.loads(made["data-rows-1-labels.json"])] == ["k4"]
    question = json.loads(made["ontology.json"])["classifications"][0]
    assert [one["label"] for one in question["options"]] == ["bolt", "nut & washer"]


@pytest.mark.parametrize("name", ["mturk", "scale", "labelbox"])
def test_service__refuses_a_kind_that_its_files_do_not_hold(name: str) -> None:
    with pytest.raises(SettingsError, match=f"files of {name} hold .* found 'keypoints'"):
        service_of(name, "keypoints")
