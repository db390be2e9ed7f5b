import json
import re
from datetime import datetime, timezone
from html import escape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from a_labeling_round import LabelingRound
from given import an_open_cycle, image_id
from given_images import AnImage, record

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.stages.curate.find_duplicates import find_duplicates
from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues
from pipeline_tasks.stages.curate.select_images import select_images
from pipeline_tasks.stages.deploy.write_cycle_report import write_cycle_report
from pipeline_tasks.storage.blobs.report_files import SUMMARY, read_report_file
from pipeline_tasks.storage.blobs.thumbnails import put_thumbnail
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.confusion import Confusion
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.metric import Metric
from pipeline_tasks.tables.prediction import Prediction
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.split import Split

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=timezone.utc)
MODEL = "e" * 64
SPLITS = (("x", "test"), ("y", "train"))


def report(store: Store, cycle: Cycle) -> tuple[str, Any]:
    summary = write_cycle_report(store, cycle, NOW)
    return read_report_file(store.objects, cycle.cycle_id).decode(), summary


def a_curated_cycle(store: Store, *, description: str = "") -> Cycle:
    """Six images: a, its twin b, its contested-free neighbour c, a blurred d, and two more."""
    cycle = an_open_cycle(store, description=description)
    images = [AnImage("a", (1, 0, 0)), AnImage("b", (0, 1, 0), pixels="a"), AnImage("c", (0.99, 0.05, 0))]
    images += [AnImage("d", (0, 0, 1), sharpness=1), AnImage("e", (0, 1, 0)), AnImage("f", (0, 0, 1))]
    record(store, cycle.cycle_id, images)
    rejected = {
        "source": "inbox",
        "key": "<script>.jpg",
        "object_version": "1",
        "size_bytes": 0,
        "reason": "empty",
        "detail": "no bytes",
    }
    store.finish(
        cycle.cycle_id, "list_new_images", ListNewImagesSummary(7, 7, 0, 1), [(RejectedSighting, pl.DataFrame([rejected]))]
    )
    put_thumbnail(store.objects, image_id("a"), b"a small image")
    for stage in (find_quality_issues, find_duplicates, select_images):
        stage(store, cycle)
    return cycle


def a_trained_cycle(store: Store) -> Cycle:
    cycle = a_curated_cycle(store)
    key = cycle.cycle_id
    store.finish(key, "send_to_labeling", SendToLabelingSummary("parts-2026-11-21", "1" * 64, 3, 5, "2026-11-22T06:00:00+00:00"))
    annotations = [
        ("1", "a", "ada", "bolt"),
        ("2", "a", "bob", "nut"),
        ("3", "e", "ada", "nut"),
        ("4", "e", "bob", "nut"),
        ("5", "f", "eve", "nut"),
    ]
    rows = [
        {
            "annotation_id": n,
            "task_key": "1" * 64,
            "round_id": "parts-2026-11-21",
            "image_id": image_id(image),
            "revision": "2" * 64,
        }
        | {"annotator_id": person, "state": "answered", "lead_time_s": 2.0, "updated_at": NOW, "is_starred": False}
        for n, image, person, _ in annotations
    ]
    objects = [
        dict.fromkeys(AnnotationObject.column_names())
        | {"annotation_id": n, "revision": "2" * 64, "object_index": 0, "label_kind": "class", "class_name": name}
        for n, _, _, name in annotations
    ]
    tables = [(Annotation, pl.DataFrame(rows)), (AnnotationObject, pl.DataFrame(objects, infer_schema_length=None))]
    store.finish(key, "collect_annotations", CollectAnnotationsSummary(5, 0, 0, 0, 0, 3, 0), tables)
    store.finish(key, "resolve_labels", ResolveLabelsSummary(3, 2, 0, 1, 0, 0.5, {}))
    doubt(store, key, image_id("f"))
    manifest = [
        {"image_id": image_id(name), "split_group_id": image_id(name), "split": split, "label_kind": "class", "class_name": truth}
        | {"label_digest": "3" * 64, "is_control": False}
        for name, split, truth in (("a", "test", "bolt"), ("e", "test", "nut"), ("f", "train", "nut"))
    ]
    store.finish(
        key,
        "build_dataset_version",
        BuildDatasetVersionSummary("v", key, True, True, "", images=3),
        [(DatasetImage, pl.DataFrame(manifest))],
    )
    store.finish(key, "train_model", TrainModelSummary(None, train_images=1))
    judged(store, key)
    return cycle


def doubt(store: Store, key: str, doubted: str) -> None:
    suspect = {"image_id": doubted, "given_name": "nut", "suggested_name": "bolt", "belief_given": 0.125, "belief_suggested": 0.75}
    rows = pl.DataFrame([suspect | {"votes": 1}])
    store.finish(key, "find_label_errors", FindLabelErrorsSummary(3, 1, {"nut": 1}, []), [(LabelSuspect, rows)])


def judged(store: Store, key: str) -> None:
    annotations = [("a", "bolt", 0.1), ("a", "nut", 0.9), ("e", "nut", 0.8), ("e", "bolt", 0.2)]
    predictions = [
        {"model_digest": MODEL, "image_id": image_id(image), "class_name": name, "probability": value}
        for image, name, value in annotations
    ]
    confusions = [
        {"model_digest": MODEL, "class_name": truth, "predicted_class_name": "nut", "images": 1} for truth in ("bolt", "nut")
    ]
    metric = {"model_digest": MODEL, "dataset_id": "v", "split": "test", "metric": "recall", "images": 1}
    metrics = [
        metric | {"class_name": name, "value": value, "low": 0.0, "high": 1.0} for name, value in (("bolt", 0.0), ("nut", 1.0))
    ]
    evaluated = EvaluateModelSummary(None, model_digest=MODEL, score=0.5, score_low=0.2, score_high=0.8)
    tables = [(Prediction, pl.DataFrame(predictions)), (Confusion, pl.DataFrame(confusions)), (Metric, pl.DataFrame(metrics))]
    store.finish(key, "evaluate_model", evaluated, tables)
    why = "Not promoted: as good as a coin & no better."
    store.finish(
        key, "compare_with_champion", CompareWithChampionSummary(None, "keep", why, MODEL, candidate_score=0.5, baseline_score=0.5)
    )
    store.finish(key, "promote_model", PromoteModelSummary(None, False, why, MODEL))
    gain = {"labels": 40, "mean_labels": 25.0, "mean_chosen": 20.0, "test_images": 30, "classes": 2, "classes_seen": 2}
    gain |= {
        "chosen": [0.75, 0.7, 0.8],
        "drawn": [0.73, 0.6, 0.8],
        "difference": [0.02, -0.01, 0.05],
        "labelled_chosen": 100,
        "labelled_drawn": 50,
    }
    store.finish(key, "measure_selection_gain", MeasureSelectionGainSummary("", hours=0.5, **gain))


def test_write_cycle_report__shows_the_whole_cycle(store: Store) -> None:
    html, summary = report(store, a_trained_cycle(store))
    assert summary.missing == {}
    assert "Not promoted: as good as a coin &amp; no better." in html
    for said in (
        "bolt → nut",
        "50.0 % of 2 pairs of annotations agree",
        "the same pixels",
        "blurred: sharpness 1, at least 12 wanted",
        "control",
        "90.0 %",
        "1 of 3 labels are doubted",
        "labelled nut (belief 0.12)",
        "looks like bolt (belief 0.75)",
        "No measurable difference to random images",
        "150 labelled images took annotators 0.50 hours",
    ):
        assert said in html
    assert "YSBzbWFsbCBpbWFnZQ" in html


def test_write_cycle_report__links_disagreements_and_counts_one_persons_two_annotations_as_no_agreement(
    store: Store, tmp_path: Path
) -> None:
    round = LabelingRound(store, tmp_path)
    cycle = round.open(images=3, overlap_ratio=1.0, overlap_annotators=2)
    url = round.send(cycle).url
    said = [("bolt", 1), ("bolt", 1), ("nut", 1), ("nut", 2), ("nut", 1), ("nut", 2)]
    ids = round.task_ids(cycle)
    for task_id, (name, person) in zip(ids, said, strict=True):
        round.server.annotate(task_id, [name], person=person)
    round.collect(cycle)
    round.resolve(cycle)
    html, _ = report(store, cycle)

    assert "Annotators disagree on 1 image; on 1 image one annotator contradicts themselves" in html
    assert "50.0 % of 2 pairs of annotations agree" in html
    assert f'href="{escape(url or "")}&amp;task={ids[0]}"' in html
    assert html.count("&amp;task=") == 4
    assert html.count('target="_blank"') == 4, "only links to other services open a window of their own"
    assert "use the button “Cycle report”" in html


def test_write_cycle_report__has_agreement_beyond_chance_of_the_round_and_of_classes_pairs_and_people(
    store: Store, tmp_path: Path
) -> None:
    round = LabelingRound(store, tmp_path)
    cycle = round.open(images=4, overlap_ratio=1.0, overlap_annotators=3)
    round.send(cycle)
    said = ["bolt", "bolt", "nut", "nut", *("bolt", "bolt", "nut", "bolt"), *("nut", "nut", "bolt", "bolt")]
    for at, (task_id, name) in enumerate(zip(round.task_ids(cycle), said, strict=True)):
        round.server.annotate(task_id, [name], person=at // 4)
    round.collect(cycle)
    round.resolve(cycle)
    html, _ = report(store, cycle)

    assert "Fleiss&#x27; kappa is -0.37." in html
    cells = [re.findall(r"<t[dh][^>]*>([^<]*)", row) for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)]
    assert ["against all others", "alpha", "Fleiss&#x27; kappa"] in cells
    assert sorted(row[3] for row in cells if len(row) == 4 and " and " in row[0]) == ["-0.50", "-1.00", "0.50"]
    assert sorted(row[2] for row in cells if row[1:2] == ["8"]) == ["-0.25", "-0.75", "0.00"]


def test_write_cycle_report__links_a_doubted_label_to_its_task(store: Store, tmp_path: Path) -> None:
    round = LabelingRound(store, tmp_path)
    cycle = round.open(images=2)
    url = round.send(cycle).url
    tasks = store.read(LabelingTask, cycle.cycle_id)
    doubt(store, cycle.cycle_id, tasks["image_id"][1])
    html, _ = report(store, cycle)

    assert f'href="{escape(url or "")}&amp;task={tasks["label_studio_task_id"][1]}"' in html


def test_write_cycle_report__says_what_people_changed_in_label_studio(store: Store, tmp_path: Path) -> None:
    round = LabelingRound(store, tmp_path)
    cycle = round.open(images=3)
    project = round.server.projects[round.send(cycle).label_studio_project_id or 0]
    project["label_config"] = project["label_config"].replace('value="nut"', 'value="hex nut"')
    first, second, third = round.task_ids(cycle)
    round.server.annotate(first, ["hex nut"])
    round.server.annotate(second, ["<b>scrap</b>"])
    del round.server.tasks[third]
    round.collect(cycle)
    round.resolve(cycle)
    html, _ = report(store, cycle)

    assert "&#x27;nut&#x27; is called &#x27;hex nut&#x27; in Label Studio" in html
    assert "“&lt;b&gt;scrap&lt;/b&gt;”" in html
    assert "Tasks deleted in Label Studio: 1 (image " in html
    assert "0 images got a label, 0 are unsure, 0 are empty, 2 match no class" in html


def test_write_cycle_report__is_one_file_and_escapes_texts(store: Store) -> None:
    html, _ = report(store, a_curated_cycle(store, description="<img src=x onerror=alert(1)>"))
    assert "<script" not in html
    assert "<img src=x" not in html
    assert re.findall(r'src="(?!data:)[^"]*"', html) == []
    addresses = re.findall(r'href="([^"]*)"', html)
    assert {
        one for one in addresses if not re.fullmatch(r"#[a-z]+|image\?dag_id=nightly__parts&amp;image_id=[0-9a-f]{64}", one)
    } == set()
    assert "http" not in html.replace("&", "")


def test_write_cycle_report__names_links_and_identifies_each_image(store: Store) -> None:
    html, _ = report(store, a_curated_cycle(store))

    for name in ("a", "b", "d"):
        figures = [one for one in html.split("<figure") if f"image_id={image_id(name)}" in one]
        assert figures
        for figure in figures:
            assert f'<code title="{image_id(name)}">{image_id(name)[:10]}</code>' in figure
            assert f"{name}.jpg" in figure


def test_write_cycle_report__states_all_times_in_the_zone_of_the_project(store: Store) -> None:
    cycle = an_open_cycle(store, time_zone="Asia/Tokyo")
    html, _ = report(store, cycle)

    assert html.count("Asia/Tokyo") == 2
    assert "Made 2026-11-22 15:00 Asia/Tokyo by" in html
    assert "UTC" not in html


def test_write_cycle_report__of_an_interrupted_cycle_says_what_is_missing(store: Store) -> None:
    html, summary = report(store, a_curated_cycle(store))
    assert summary.sections == ["funnel", "rejected", "sources", "quarantined", "duplicates", "selection"]
    assert summary.missing["confusion"] == "Confusion and recall: evaluate_model has not been done in this cycle."
    assert "the last completed stage is select_images" in html


def test_write_cycle_report__of_a_cycle_that_was_only_opened_is_a_page(store: Store) -> None:
    html, summary = report(store, an_open_cycle(store))
    assert summary.sections == []
    assert html.startswith("<!doctype html>")


def test_write_cycle_report__states_why_a_stage_was_skipped(store: Store) -> None:
    cycle = a_curated_cycle(store)
    store.finish(cycle.cycle_id, "evaluate_model", EvaluateModelSummary("Nothing was trained: no new labels."))
    html, summary = report(store, cycle)
    assert summary.missing["learning"] == "Learning curve: Nothing was trained: no new labels."
    assert "Nothing was trained: no new labels." in html


def test_write_cycle_report__again_replaces_the_page_and_names_no_event(store: Store) -> None:
    cycle = a_curated_cycle(store)
    before = store.state().sequence
    _, first = report(store, cycle)
    judged(store, cycle.cycle_id)
    _, second = report(store, cycle)
    assert set(first.sections) < set(second.sections)
    assert store.event(cycle.cycle_id, "write_cycle_report") is None
    assert store.state().sequence == before + 4
    assert json.loads(read_report_file(store.objects, cycle.cycle_id, SUMMARY))["report_key"] == second.report_key


def test_write_cycle_report__shows_contested_images_beside_what_they_resemble(store: Store) -> None:
    first = an_open_cycle(store, "2026-11-20")
    record(store, "2026-11-20", [AnImage("x", (1, 0)), AnImage("y", (0.77, 0.64))])
    find_quality_issues(store, first)
    find_duplicates(store, first)
    splits = [
        {"split_group_id": image_id(name), "split": split, "policy": "rest"} for name, split in (("x", "test"), ("y", "train"))
    ]
    selected = SelectImagesSummary(2, {}, 2, 2, 0, {}, {}, True, None, "")
    store.finish("2026-11-20", "select_images", selected, [(Split, pl.DataFrame(splits))])
    cycle = an_open_cycle(store)
    record(store, cycle.cycle_id, [AnImage("z", (0.94, 0.34))])
    find_quality_issues(store, cycle)
    assert find_duplicates(store, cycle).contested == 1
    html, _ = report(store, cycle)
    assert "Contested images" in html
    assert "not used in any split" in html
