"""Tests that a round is pushed once, also if the stage is repeated or interrupted anywhere."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.errors import MissingStageError, ServiceUnavailableError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.stages.label.send_to_labeling import tab_title
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.selection import SelectedImage


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def test_send_to_labeling__creates_a_task_an_image_in_the_order_of_picking(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=4, overlap_ratio=0.25, overlap_annotators=3)
    summary = round.send(cycle)

    assert (summary.round_id, summary.images, summary.tasks) == ("parts-2026-11-21", 4, 6)
    assert summary.deadline_at == "2026-11-21T23:00:00+00:00"
    assert summary.url == f"http://label-studio/projects/{summary.label_studio_project_id}/data?tab={summary.label_studio_view_id}"
    tasks = store.read(LabelingTask, cycle.cycle_id)
    firsts = tasks.filter(purpose="first")
    assert firsts["image_id"].to_list() == store.read(SelectedImage, cycle.cycle_id)["image_id"].to_list()
    assert sorted(tasks["purpose"].cast(str)) == ["first"] * 4 + ["overlap"] * 2
    assert tasks["label_studio_task_id"].is_sorted()
    for row in tasks.iter_rows(named=True):
        shown = round.server.tasks[row["label_studio_task_id"]]["data"]
        assert shown == {
            "picture": f"/data/local-files/?d=parts/{row['image_id'][:2]}/{row['image_id']}.jpg",
            "image_id": row["image_id"],
            "task_key": row["task_key"],
            "round_id": "parts-2026-11-21",
        }
        assert round.files.has(row["image_id"])
    assert [storage["path"] for storage in round.server.storages] == [str(round.files.folder)]


def test_send_to_labeling__shows_a_doubted_label_again_and_never_says_why(round: LabelingRound, store: Store) -> None:
    round.send(first := round.open("2026-11-21"))
    doubted, certain = store.read(SelectedImage, first.cycle_id)["image_id"][:2]
    decoded = round.decoder.decoded

    summary = round.send(second := round.open("2026-11-22", images=2, looks={doubted: "review", certain: "gold"}))

    assert (summary.images, summary.tasks, summary.second_looks) == (4, 4, 2)
    assert round.decoder.decoded == decoded + 2
    tasks = store.read(LabelingTask, second.cycle_id)
    assert tasks["purpose"].cast(str).to_list() == ["first", "review", "first", "gold"]
    assert tasks["image_id"].to_list()[1::2] == [doubted, certain]
    shown = [round.server.tasks[number]["data"] for number in tasks["label_studio_task_id"]]
    assert {key for data in shown for key in data} == {"picture", "image_id", "task_key", "round_id"}
    assert not any(word in str(shown) for word in ("review", "gold", "first", "bolt"))


def test_send_to_labeling__sends_second_looks_alone_if_nothing_was_selected(round: LabelingRound, store: Store) -> None:
    round.send(first := round.open("2026-11-21"))
    doubted = store.read(SelectedImage, first.cycle_id)["image_id"][0]

    summary = round.send(round.open("2026-11-22", images=0, looks={doubted: "review"}))

    assert (summary.tasks, summary.second_looks, summary.why) == (1, 1, None)


def test_send_to_labeling__changes_nothing_when_run_again(round: LabelingRound) -> None:
    cycle = round.open()
    summary = round.send(cycle)
    asked = len(round.server.requests)

    assert round.send(cycle) == summary
    assert len(round.server.requests) == asked


@pytest.mark.parametrize(
    "broken_off_at",
    [
        "GET /api/projects",
        "POST /api/projects",
        "POST /api/storages/localfiles",
        "POST /api/projects/1/import",
        "POST /api/dm/views",
    ],
)
@pytest.mark.parametrize("happens", [True, False])
def test_send_to_labeling__has_the_same_result_after_an_interruption(
    round: LabelingRound, store: Store, broken_off_at: str, happens: bool
) -> None:
    cycle = round.open()
    round.server.fail(broken_off_at, httpx.ReadTimeout("gone"), happens=happens)
    try:
        round.send(cycle)
    except ServiceUnavailableError:
        assert not store.has(LabelingTask, cycle.cycle_id)
    summary = round.send(cycle)

    assert summary.tasks == len(round.server.tasks) == 4
    assert (len(round.server.projects), len(round.server.views), len(round.server.storages)) == (1, 1, 1)
    assert round.decoder.decoded == 4


def test_send_to_labeling__uses_one_label_studio_project_for_all_rounds(round: LabelingRound) -> None:
    first, second = round.open("2026-11-21"), round.open("2026-11-22")

    assert round.send(first).label_studio_project_id == round.send(second).label_studio_project_id
    assert [view["data"]["title"] for view in round.server.views.values()] == ["2026-11-22 parts", "2026-11-21 parts"]
    assert len(round.server.tasks) == 8


def test_tab_title__has_day_and_time_in_its_first_15_characters() -> None:
    assert tab_title("2026-11-21", "parts") == "2026-11-21 parts"
    assert tab_title("2026-11-21T1430", "parts-2") == "11-21 14:30 parts-2"
    assert tab_title("2026-11-21T143007", "parts")[:15] == "11-21 14:30:07 "


def test_send_to_labeling__finds_its_tab_after_people_renamed_it(round: LabelingRound) -> None:
    cycle = round.open()
    view_id = round.send(cycle).label_studio_view_id or 0
    round.server.views[view_id]["data"]["title"] = "Please do these first"

    assert round.server.client().find_or_create_view(1, "parts-2026-11-21") == view_id


def test_send_to_labeling__says_what_people_changed_in_the_form(round: LabelingRound, caplog: pytest.LogCaptureFixture) -> None:
    first = round.send(round.open("2026-11-21"))
    project = round.server.projects[first.label_studio_project_id or 0]
    project["label_config"] = project["label_config"].replace('value="nut"', 'value="hex nut"')
    (said,) = round.send(round.open("2026-11-22")).form_differences

    assert first.form_differences == []
    assert "'nut' is called 'hex nut' in Label Studio" in said
    assert "renamed_classes: {nut: hex nut}" in said
    assert said in caplog.text


def test_send_to_labeling__keeps_its_project_after_people_removed_the_key_from_its_description(round: LabelingRound) -> None:
    first = round.send(round.open("2026-11-21")).label_studio_project_id
    round.server.projects[first or 0] |= {"description": "Ours, please do not delete", "title": "Belt"}

    assert round.send(round.open("2026-11-22")).label_studio_project_id == first


def test_send_to_labeling__creates_another_project_if_the_recorded_one_is_deleted_or_foreign(round: LabelingRound) -> None:
    first = round.send(round.open("2026-11-21")).label_studio_project_id or 0
    round.server.projects[first]["description"] = "A stranger's, with the same number after Label Studio was set up anew"
    round.server.tasks.clear()

    assert round.send(round.open("2026-11-22")).label_studio_project_id != first


def test_send_to_labeling__creates_no_task_if_nothing_was_selected(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=0)
    summary = round.send(cycle)

    assert (summary.tasks, summary.url, summary.why) == (0, None, "No images were selected, so there is no round.")
    assert store.read(LabelingTask, cycle.cycle_id).is_empty()
    assert round.server.requests == []


def test_send_to_labeling__requires_the_selection(round: LabelingRound, store: Store) -> None:
    import given

    with pytest.raises(MissingStageError):
        round.send(given.an_open_cycle(store))


def test_send_to_labeling__shows_the_guideline_in_the_project_that_people_have(round: LabelingRound) -> None:
    first = round.send(round.open("2026-11-21"))
    project = round.server.projects[first.label_studio_project_id or 0]
    assert "expert_instruction" not in project, "what people wrote there stays"

    second = round.send(round.open("2026-11-22", guideline="A bolt has <no> hole.\nA nut has one.\n\nCannot tell? Skip."))

    assert second.label_studio_project_id == first.label_studio_project_id
    said = "<p>A bolt has &lt;no&gt; hole.<br>A nut has one.</p><p>Cannot tell? Skip.</p>"
    assert (project["expert_instruction"], project["show_instruction"]) == (said, True)


def test_send_to_labeling__asks_more_people_while_most_of_them_are_new(round: LabelingRound) -> None:
    first = round.open(images=4, overlap_ratio=1.0, overlap_annotators=2)
    assert round.send(first).why_overlap == "", "nobody knows how many people there are"
    for at, task_id in enumerate(round.task_ids(first)):
        round.server.annotate(task_id, ["bolt"], person=at // 4)
    round.collect(first)
    round.resolve(first)

    sent = round.send(round.open("2026-11-22", images=10, overlap_ratio=0.1, overlap_annotators=2))

    assert (sent.images, sent.tasks) == (10, 15)
    assert sent.why_overlap == (
        "2 of 2 people are new: fewer than 30 of their annotations can be judged. So 50% of the images are annotated by 2 people, "
        "1.50 an image on average."
    )


def test_send_to_labeling__asks_the_first_people_more_if_it_is_told_how_many_there_are(round: LabelingRound) -> None:
    sent = round.send(round.open(images=10, overlap_ratio=0.1, overlap_annotators=2, first_round_people=5))

    assert (sent.images, sent.tasks) == (10, 30)
    assert sent.why_overlap.startswith("5 of 5 people are new")


def test_send_to_labeling__counts_nobody_as_new_where_that_is_set(round: LabelingRound) -> None:
    settings = {"overlap_ratio": 0.1, "overlap_annotators": 2, "first_round_people": 5}
    assert round.send(round.open(images=10, **settings, new_person_annotations=0)).tasks == 11
    assert round.send(round.open("2026-11-22", images=10, **settings, consensus="kind")).tasks == 11


def test_send_to_labeling__shows_the_classes_in_the_colours_of_the_project(round: LabelingRound) -> None:
    cycle = round.open(styles={"bolt": {"colour": "#ff0000", "hotkey": "x"}})
    number = round.send(cycle).label_studio_project_id or 0

    assert 'style="border-left:8px solid #ff0000;padding-left:6px" hotkey="x"' in round.server.projects[number]["label_config"]
    assert form_differences(label_form(kind_of(cycle.project), None).xml, round.server.projects[number]["label_config"]) == []
