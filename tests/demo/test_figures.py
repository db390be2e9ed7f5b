"""Tests of figures that are read from the ledger and compared with those of the services."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from given import an_open_cycle

from demo import figures
from demo.errors import DemoError
from demo.nightly_run import EndedRun
from demo.services import Services
from demo.table import nights_table, prediction_line
from pipeline_tasks.kinds.classes.scoring import ClassScoring
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.roll_out import RollOutSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.storage.history.store import Store

CYCLE = "2026-11-21"
DIGEST = "ab" * 32
ENDED = EndedRun("test", "success", 61.0, {"train_model": 4.2})
RECORDS = (
    ListNewImagesSummary(files_seen=10, files_new=10, files_unsettled=0, shards=1),
    RecordImagesSummary(10, 8, 7, 0, 1, 2, {"empty": 1, "truncated": 1}),
    FindQualityIssuesSummary(7, 1, {"blurred": 1}),
    FindDuplicatesSummary(
        7, 0, exact=0, near=2, groups=2, images_in_groups=2, groups_merged=0, contested=0, compared_by_pixels_only=0
    ),
    SelectImagesSummary(4, {}, 4, 4, 0, {}, {}, is_first_round=True, champion_digest=None, why=""),
    SendToLabelingSummary("parts-2026-11-21", "1" * 64, 4, 5, "2026-11-21T23:00:00", 3, 1, "http://ls/3"),
    CollectAnnotationsSummary(4, 0, 0, 0, 0, 2, tasks_unanswered=1),
    ResolveLabelsSummary(4, 4, 0, 0, 0, None, {}),
    BuildDatasetVersionSummary("cd" * 32, CYCLE, True, True, "It is new.", images=4),
    ExportModelSummary(None, DIGEST, registry_version="1"),
    CompareWithChampionSummary(
        None, candidate_score=0.8, candidate_low=0.7, candidate_high=0.9, baseline_score=0.5, classes_left_out=["nut"]
    ),
    PromoteModelSummary(None, is_promoted=True, why="It beats the majority class."),
    RollOutSummary(None),
)


@dataclass
class _Outside:
    """Responses of the services."""

    tasks: int = 5
    answered: int = 4
    digest: str = DIGEST
    alias: str = "1"
    served: str = DIGEST

    def services(self) -> Services:
        """The services behind one transport."""
        return Services("http://ls", "token", "http://mlflow", "http://server", httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/tasks":
            return httpx.Response(200, json={"total": self.answered if "completed_at" in str(request.url) else self.tasks})
        if path.endswith("model-versions/get"):
            tags = [{"key": "nightlens.model_digest", "value": self.digest}]
            return httpx.Response(200, json={"model_version": {"version": "1", "run_id": "r", "tags": tags}})
        if path.endswith("runs/get"):
            return httpx.Response(200, json={"run": {"data": {"metrics": [{"key": "loss", "value": 1}]}}})
        if path.endswith("registered-models/alias"):
            return httpx.Response(200, json={"model_version": {"version": self.alias}})
        answer = {"class_name": "nut", "probability": 0.9, "model_digest": self.served, "dataset_id": "cd" * 32}
        return httpx.Response(200, json=answer) if self.served else httpx.Response(503, text="no model yet")


@pytest.fixture
def after(store: Store) -> Store:
    """A store after a night that promoted its first champion."""
    an_open_cycle(store, CYCLE)
    champion = Champion(DIGEST, "cd" * 32, CYCLE, "1")
    for one in RECORDS:
        store.finish(CYCLE, one.stage, one, sets=[champion] if isinstance(one, PromoteModelSummary) else [])
    return store


def test_read_night__returns_figures_on_which_ledger_and_services_agree(after: Store) -> None:
    night = figures.read_night(1, ENDED, after, _Outside().services(), "parts")

    assert (night.files_seen, night.images_taken_in, night.exact_duplicates, night.near_duplicates) == (10, 7, 1, 2)
    assert (night.labeling_tasks, night.annotated, night.labelled, night.empty) == (5, 4, 4, 0)
    assert (night.candidate_score, night.is_promoted, night.registry_version) == (0.8, True, "1")


@pytest.mark.parametrize(
    ("outside", "said"),
    [
        (_Outside(tasks=6), "Label Studio has 6 tasks"),
        (_Outside(answered=3), "Label Studio has 3 annotated tasks"),
        (_Outside(digest="ee" * 32), "MLflow's version 1"),
    ],
)
def test_read_night__fails_with_a_sentence_if_a_service_has_another_figure(after: Store, outside: _Outside, said: str) -> None:
    with pytest.raises(DemoError, match=said):
        figures.read_night(1, ENDED, after, outside.services(), "parts")


def test_read_night__fails_if_airflow_succeeded_but_the_ledger_lacks_a_stage(store: Store) -> None:
    an_open_cycle(store, CYCLE)

    with pytest.raises(DemoError, match="no event of list_new_images"):
        figures.read_night(1, ENDED, store, _Outside().services(), "parts")


def test_cycle_of_run__fails_for_a_run_that_opened_none(after: Store) -> None:
    with pytest.raises(DemoError, match="manual_9"):
        figures.cycle_of_run(after, "manual_9")


def test_check_champion__fails_if_the_alias_names_another_version_than_the_ledger(after: Store) -> None:
    assert figures.check_champion(after, _Outside().services(), "parts").model_digest == DIGEST
    with pytest.raises(DemoError, match="names version 7"):
        figures.check_champion(after, _Outside(alias="7").services(), "parts")


def test_check_champion__fails_without_a_champion(store: Store) -> None:
    with pytest.raises(DemoError, match="no champion"):
        figures.check_champion(store, _Outside().services(), "parts")


def test_ask_server__accepts_only_a_prediction_of_the_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SERVER_FOLLOWS_WITHIN_S", 0.0)

    prediction = figures.ask_server(_Outside().services(), b"image", DIGEST)
    assert prediction_line(prediction, "nut, probability 0.900").startswith("prediction server: nut, probability 0.900, from the")
    for served in ("ee" * 32, ""):
        with pytest.raises(DemoError, match="found"):
            figures.ask_server(_Outside(served=served).services(), b"image", DIGEST)


def test_drawn_prediction__is_an_image_or_says_why_there_is_none() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["draw"] == "1"
        return httpx.Response(200, content=b"\xff\xd8drawn") if request.content == b"image" else httpx.Response(422, text="broken")

    services = Services("http://ls", "token", "http://mlflow", "http://server", httpx.MockTransport(answer))
    assert services.drawn_prediction(b"image") == b"\xff\xd8drawn"
    with pytest.raises(DemoError, match="422 broken"):
        services.drawn_prediction(b"text")


def test_nights_table__has_a_column_for_each_night(after: Store) -> None:
    night = figures.read_night(1, ENDED, after, _Outside().services(), "parts")

    text = nights_table([night, night], ClassScoring.names)

    assert "2 (1 empty, 1 truncated)" in text
    assert "0.800 (0.700 … 0.900)" in text
    assert "night 1: It beats the majority class." in text
    assert "kept the champion" not in text
    assert max(len(line) for line in text.splitlines()) < 110


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "promoted"),
        ({"is_promoted": False, "champion_score": 0.7}, "kept the champion"),
        ({"is_promoted": False, "champion_score": None}, "not promoted"),
        ({"is_promoted": False, "candidate_digest": None}, "nothing was trained"),
    ],
)
def test_nights_table__says_what_was_decided(after: Store, change: dict[str, Any], says: str) -> None:
    night = replace(figures.read_night(1, ENDED, after, _Outside().services(), "parts"), **change)

    lines = nights_table([night], ClassScoring.names).splitlines()
    assert any(line.split("  ")[0] == "decision" and line.endswith(says) for line in lines)
