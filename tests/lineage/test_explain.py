"""Tests of lineages, on a complete small night."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import pytest
from given_models import DecodingHere
from given_night import Night, a_night

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.reports.tree import Node, as_text
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.image import Image

pytestmark = pytest.mark.slow

CYCLE = "2026-11-21"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """One whole cycle, and a server that made one prediction. Tests only read it."""
    folder = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NIGHTLENS_HOME", str(folder))
        environment.setenv("WANDB_MODE", "disabled")
        night = a_night(folder)
        night.bring(range(30))
        night.cycle(CYCLE)
        yield night


def champion(night: Night) -> Champion:
    found = night.store.state().champion
    assert found is not None
    return found


def an_image(night: Night, split: str) -> str:
    """An image of the version in this split; not the one that lies in the inbox twice."""
    rows = night.store.read(DatasetImage, CYCLE).filter(pl.col("split") == split)
    twice = image_of(night, "bolt0.png")
    return str(next(one for one in rows["image_id"] if one != twice))


def image_of(night: Night, name: str) -> str:
    return hashlib.sha256((night.folder / "inbox" / name).read_bytes()).hexdigest()


def told(night: Night, thing: str) -> Node:
    return explain(night.store, thing, night.folder / "log", DecodingHere())


def below(node: Node, kind: str) -> list[Node]:
    """All things of a kind below a node, however deep."""
    found = [child for child in node.children if child.kind == kind]
    return found + [one for child in node.children for one in below(child, kind)]


def one(node: Node, kind: str) -> Node:
    (found,) = below(node, kind)
    return found


def a_logged_prediction(night: Night, prediction_id: str, image_id: str, model_digest: str) -> None:
    log = PredictionLog(night.folder / "log")
    named = {"class_name": "bolt", "probability": 0.9, "probabilities": {"bolt": 0.9, "nut": 0.1}, "is_unsure": False}
    log.append(
        LoggedPrediction(image_id, model_digest, "d", named, prediction_id, "champion", "2026-11-22T08:00:00.000+00:00", 0.01)
    )
    log.close()


def test_explain__leads_from_an_image_to_its_source_file(night: Night) -> None:
    image_id = image_of(night, "bolt0.png")

    node = told(night, image_id)

    assert (node.kind, node.name) == ("image", image_id)
    assert {sighting.name for sighting in below(node, "sighting")} == {"inbox:bolt0.png", "inbox:copy0.png"}
    assert "modified 1970-01-01 00:00 UTC" in below(node, "sighting")[0].says
    assert one(node, "measurements").fields["sharpness"] > 0
    assert one(node, "duplicate group").fields["members"] == [image_id]


def test_lineage__states_times_in_the_zone_of_the_project(night: Night) -> None:
    reads = LineageReads(night.store)
    reads.time_zone = "Asia/Kolkata"
    image_id = an_image(night, "train")

    node = image_lineage(image_id, reads.about_image(image_id, []))

    assert "modified 1970-01-01 05:30 Asia/Kolkata" in below(node, "sighting")[0].says


def test_explain__leads_from_an_image_through_its_label_to_the_annotators(night: Night) -> None:
    image_id = an_image(night, "train")

    node = told(night, image_id[:16])

    label = one(node, "label")
    assert label.name == night.classes[image_id]
    assert "What does the image show? (bolt, nut)" in label.says
    assert label.fields["written_in"] == CYCLE
    annotations = below(label, "annotation")
    standing = night.store.current(Annotation).filter(pl.col("image_id") == image_id)
    assert {answer.name for answer in annotations} == set(standing["annotation_id"])
    assert {answer.fields["annotator_id"] for answer in annotations} == set(standing["annotator_id"])
    assert {answer.fields["class_names"][0] for answer in annotations} == {night.classes[image_id]}
    selection = one(node, "selection")
    assert selection.fields["arm"] in ("control", "strategy")
    assert selection.fields["reason"] in selection.says


def test_explain__names_models_that_an_image_trained_and_those_that_it_only_tested(night: Night) -> None:
    for split, is_trained_on in (("train", True), ("val", True), ("test", False)):
        node = told(night, an_image(night, split))

        version = one(node, "dataset version")
        assert version.name == champion(night).dataset_id
        assert version.fields["split"] == split == one(node, "split group").fields["split"]
        model = one(version, "model")
        assert model.name == champion(night).model_digest
        assert model.fields["is_trained_on_it"] is is_trained_on
        assert bool(below(node, "test prediction")) is (split == "test")


def test_explain__leads_from_a_model_to_its_decision_figures_labels_annotators_and_sources(night: Night) -> None:
    digest = champion(night).model_digest

    node = told(night, digest[:10])

    assert node == told(night, "champion")
    assert (node.kind, node.name, node.fields["is_champion"]) == ("model", digest, True)
    assert one(node, "decision").name == "promoted"
    rules = {rule.name: rule.says for rule in below(node, "rule")}
    assert rules["metric"].startswith("must, kept: +")
    assert rules["size"].startswith("must, stated: ")
    evaluated = night.store.summary(CYCLE, EvaluateModelSummary)
    assert f"balanced accuracy {evaluated.score:.3f}" in one(node, "figures").says
    assert set(one(node, "figures").fields["recalls"]) == {"bolt", "nut"}
    version = one(node, "dataset version")
    images = night.store.read(DatasetImage, CYCLE).height
    assert one(version, "labels of cycle").fields["len"] == images
    assert sum(person.fields["answers"] for person in below(version, "annotator")) == night.store.current(Annotation).height
    assert sum(one(version, "selection of cycle").fields["arms"].values()) == images
    assert one(version, "source").fields["images"] == images
    assert below(version, "model") == [], "the model that was asked about is not told again"


def test_explain__names_the_models_that_a_version_led_to(night: Night) -> None:
    node = told(night, champion(night).dataset_id)

    assert node.kind == "dataset version"
    assert [model.name for model in below(node, "model")] == [champion(night).model_digest]


def test_explain__predicts_an_unknown_file_with_the_champion(night: Night, tmp_path: Path) -> None:
    known = told(night, str(night.folder / "inbox" / "bolt3.png"))

    assert known.fields["class_name"] in ("bolt", "nut")
    assert sum(known.fields["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
    assert [child.kind for child in known.children] == ["model", "image"]
    assert known.children[0].name == champion(night).model_digest
    assert known.children[1].name == image_of(night, "bolt3.png")
    assert known.children[1].fields["is_known"]


def test_explain__finds_a_prediction_in_the_servers_log(night: Night) -> None:
    image_id = an_image(night, "train")
    a_logged_prediction(night, "0" * 31 + "a", image_id, champion(night).model_digest)
    a_logged_prediction(night, "f" * 31 + "b", "9" * 64, "8" * 64)

    node = told(night, "0" * 31 + "a")

    assert (node.kind, node.fields["route"]) == ("prediction", "champion")
    assert [child.name for child in node.children] == [champion(night).model_digest, image_id]
    assert [one.name for one in below(told(night, image_id), "prediction")] == ["0" * 31 + "a"]
    stranger = told(night, "f" * 31)
    assert "unknown to this project" in stranger.children[0].says
    assert "not in this project" in stranger.children[1].says
    assert told(night, "9" * 20).children[0].name == "f" * 31 + "b", "an image that only the server has seen"


def test_explain__tells_that_a_person_rolled_a_model_back(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    digest, events = champion(night).model_digest, LineageReads._events
    rolled_back = RollBackSummary(None, "e" * 64, digest, "d" * 64, None, "restored")
    event = Event(99, "2026-11-22T080000", "roll_back", asdict(rolled_back))
    monkeypatch.setattr(LineageReads, "_events", lambda reads, stage: [event] if stage == "roll_back" else events(reads, stage))
    standing = champion(night)
    monkeypatch.setattr(State, "champion", replace(standing, model_digest="e" * 64))

    node = told(night, digest)

    assert node.says.startswith("rolled back in cycle 2026-11-22T080000, trained in cycle")
    decision = next(one for one in below(node, "decision") if one.name == "rolled back")
    assert decision.says == "by a person in cycle 2026-11-22T080000; eeeeeeeeeeee became the champion again"


def test_explain__refuses_what_is_unknown_and_says_what_was_searched(night: Night) -> None:
    with pytest.raises(SettingsError, match=r"nothing starts with 'abcdef0123'; searched 60 images, 1 models \(newest"):
        told(night, "abcdef0123")
    for word in ("abc", "no/such/file.png", "ABCDEF"):
        with pytest.raises(SettingsError, match="wanted an image's file that exists"):
            told(night, word)


def test_explain__names_the_candidates_of_an_id_that_is_too_short(night: Night) -> None:
    ids = sorted(night.store.history(Image)["image_id"])
    digest = champion(night).model_digest
    a_logged_prediction(night, digest[:12] + "0" * 20, ids[0], digest)

    with pytest.raises(SettingsError, match="may mean 2 things; give more digits") as error:
        told(night, digest[:12])

    assert f"model {digest}" in str(error.value)
    assert f"prediction {digest[:12]}" in str(error.value)


def test_explain__of_a_project_without_a_champion_says_so(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no model of this project was promoted yet"):
        explain(store, "champion", tmp_path, DecodingHere())
    (tmp_path / "a.png").write_bytes(b"1")

    node = explain(store, str(tmp_path / "a.png"), tmp_path, DecodingHere())

    assert (node.kind, node.fields["is_known"]) == ("image", False)


def test_explain__prints_a_readable_tree(night: Night) -> None:
    text = as_text(told(night, an_image(night, "test")))

    lines = text.splitlines()
    assert lines[0].startswith("image ")
    assert "taken in by cycle 2026-11-21" in lines[0]
    assert any(line.startswith("├─ label ") for line in lines)
    assert any(line.startswith("│  └─ annotation ") for line in lines)
    assert any("tested on it, not trained on it" in line for line in lines)
    assert max(map(len, lines)) < 400


def test_explain__changes_nothing(night: Night) -> None:
    before = night.objects()

    told(night, "champion")
    told(night, an_image(night, "train"))

    assert night.objects() == before
