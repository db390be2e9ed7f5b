"""Tests of a real MLflow in which people delete, rename and move models: a night finds each by its digest, or creates it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from an_mlflow_server import AnMlflowServer
from given import an_open_cycle
from given_candidates import BAD, GOOD, a_cycle_with_model
from given_deploying import BETTER, a_roll_back, compared

from pipeline_tasks.clients.model_registry import ModelRegistry
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

pytestmark = pytest.mark.services

Tidying = Callable[["Shown"], None]


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnMlflowServer]:
    with AnMlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


class Shown:
    """One model that MLflow shows under a name of its own, and people who then tidy it."""

    def __init__(self, server: AnMlflowServer, name: str) -> None:
        self.server, self.name, self.content = server, name, f"onnx of {name}".encode()
        self.registry = ModelRegistry(server.url)
        run = self.registry.find_or_start_run(name, f"{name}/2026-11-21", {"max_epochs": 60}, {})
        self.registry.end_run(run.run_id)
        self.model = MirroredModel(
            name=name,
            digest=hashlib.sha256(self.content).hexdigest(),
            cycle_key=f"{name}/2026-11-21",
            dataset_id="d" * 64,
            dataset_source="versions/d/index.json",
            params={"max_epochs": 60},
            tags={"nightlens.cycle_id": "2026-11-21"},
            metrics={"test_accuracy": 0.75},
            run_id=run.run_id,
        )
        shown = self.registry.show_model(self.model, lambda: self.content)
        assert shown.notes == (), "nothing was tidied yet"
        self.registry.set_champion_alias(name, shown.version)
        self.model = replace(self.model, is_exported=True)

    @property
    def experiment_id(self) -> str:
        return str(self.server.get("experiments/get-by-name", experiment_name=self.name)["experiment"]["experiment_id"])

    def delete_run(self) -> None:
        self.server.post("runs/delete", run_id=self.model.run_id)

    def register(self, folder: str) -> str:
        """A version that people make of a folder of the same run."""
        run = self.registry.run(self.model.run_id or "")
        source = {"source": f"{run.artifact_uri}/{folder}", "run_id": run.run_id}
        return str(self.server.post("model-versions/create", name=self.name, **source)["model_version"]["version"])

    def delete_version(self) -> None:
        self.server.delete("model-versions/delete", name=self.name, version="1")


def _delete_model(shown: Shown) -> None:
    shown.server.delete("registered-models/delete", name=shown.name)


def _rename_model(shown: Shown) -> None:
    shown.server.post("registered-models/rename", name=shown.name, new_name=f"{shown.name}-of-people")


def _delete_version_and_register_another(shown: Shown) -> None:
    shown.delete_version()
    shown.register("of-people")


def _delete_run_for_good(shown: Shown) -> None:
    shown.delete_run()
    shown.server.gc()


def _delete_experiment(shown: Shown) -> None:
    shown.server.post("experiments/delete", experiment_id=shown.experiment_id)


def _delete_experiment_for_good(shown: Shown) -> None:
    _delete_experiment(shown)
    shown.server.gc()


def _edit_tag(shown: Shown) -> None:
    tag = {"key": "nightlens.model_digest", "value": "checked by Ada"}
    shown.server.post("model-versions/set-tag", name=shown.name, version="1", **tag)


def _delete_tag(shown: Shown) -> None:
    shown.server.delete("model-versions/delete-tag", name=shown.name, version="1", key="nightlens.model_digest")


def _give_its_digest_to_another_version(shown: Shown) -> None:
    tag = {"key": "nightlens.model_digest", "value": shown.model.digest}
    shown.server.post("model-versions/set-tag", name=shown.name, version=shown.register("model-0123456789ab"), **tag)
    _edit_tag(shown)


@pytest.mark.parametrize(
    ("tidy", "notes"),
    [
        (_delete_model, ["had no version of the model"]),
        (_rename_model, ["stands there as NAME-of-people, which was left as it is"]),
        (Shown.delete_version, ["made from the store as version 2"]),
        (_delete_version_and_register_another, ["made from the store as version 3"]),
        (Shown.delete_run, ["the run of NAME/2026-11-21 had been deleted there; restored"]),
        (_delete_run_for_good, ["the run of NAME/2026-11-21 was not there; made from the ledger", "the file of NAME version 1"]),
        (_delete_experiment, ["the experiment NAME had been deleted there; restored"]),
        (_delete_experiment_for_good, ["the run of NAME/2026-11-21 was not there; made", "the file of NAME version 1"]),
        (_edit_tag, ["the tag nightlens.model_digest of NAME version 1 had been changed; set back"]),
        (_delete_tag, ["the tag nightlens.model_digest of NAME version 1 had been changed; set back"]),
        (_give_its_digest_to_another_version, ["the tag nightlens.model_digest of NAME version 1 had been changed; set back"]),
    ],
)
def test_show_model__restores_what_people_changed_in_mlflow(mlflow: AnMlflowServer, tidy: Tidying, notes: list[str]) -> None:
    shown = Shown(mlflow, tidy.__name__.strip("_"))
    tidy(shown)

    found = shown.registry.show_model(shown.model, lambda: shown.content)
    shown.registry.set_champion_alias(shown.name, found.version)

    assert len(found.notes) == len(notes)
    assert all(note.replace("NAME", shown.name) in said for note, said in zip(notes, found.notes, strict=True))
    assert_shown(shown)
    assert shown.registry.show_model(shown.model, lambda: shown.content).notes == (), "a second look finds all in place"


def assert_shown(shown: Shown) -> None:
    """The alias leads to this model's bytes, and the run is active with its figures."""
    version = shown.server.get("registered-models/alias", name=shown.name, alias="champion")["model_version"]
    folder = version["source"].removeprefix("mlflow-artifacts:/").strip("/")
    file = httpx.get(f"{shown.server.url}/api/2.0/mlflow-artifacts/artifacts/{folder}/model.onnx", trust_env=False)
    assert file.content == shown.content
    search = {"experiment_ids": [shown.experiment_id], "filter": f"tags.`nightlens.cycle_key` = '{shown.name}/2026-11-21'"}
    (run,) = shown.server.post("runs/search", **search)["runs"]
    assert (run["info"]["lifecycle_stage"], run["info"]["status"]) == ("active", "FINISHED")
    assert {"key": "test_accuracy", "value": 0.75} in [{"key": one["key"], "value": one["value"]} for one in run["data"]["metrics"]]


def test_find_or_start_run__continues_a_run_that_an_emptied_project_left(mlflow: AnMlflowServer) -> None:
    registry = ModelRegistry(mlflow.url)
    first = registry.find_or_start_run("reborn", "reborn/2026-11-21", {"max_epochs": 60}, {})

    second = registry.find_or_start_run("reborn", "reborn/2026-11-21", {"max_epochs": 30}, {})

    assert second.run_id == first.run_id
    assert "keeps the parameters that it had" in second.notes[0]


def test_nights__continue_with_a_new_and_empty_mlflow(mlflow: AnMlflowServer) -> None:
    store, registry = Store(MemoryObjects()), ModelRegistry(mlflow.url)
    first = a_night(store, GOOD, "2026-11-21", registry)
    a_night(store, BETTER, "2026-11-22", registry)
    mlflow.delete("registered-models/delete", name="parts")

    back = a_roll_back(store, None, registry)
    kept = a_night(store, BAD, "2026-11-24", registry)

    assert first.is_promoted
    pointer = read_pointer(store.objects)
    assert pointer is not None
    assert pointer.champion_digest == back.model_digest == kept.champion_digest == first.model_digest
    assert any("parts had no version of the model" in note for note in back.mirror_notes)
    digests = tagged(mlflow, "parts")
    assert digests[registry.champion_alias("parts") or ""] == first.model_digest
    assert (kept.is_promoted, digests[kept.registry_version or ""]) == (False, kept.model_digest)


def test_promote_model__sets_back_an_alias_that_was_moved(mlflow: AnMlflowServer) -> None:
    store, registry = Store(MemoryObjects()), ModelRegistry(mlflow.url)
    an_open_cycle(store, "2026-11-20", project="moved")
    first = a_night(store, GOOD, "2026-11-21", registry, project="moved")
    second = a_night(store, BAD, "2026-11-22", registry, project="moved")
    registry.set_champion_alias("moved", second.registry_version or "")

    third = a_night(store, None, "2026-11-23", registry, project="moved")

    assert third.skipped == "There is nothing new to learn from."
    assert third.mirror_notes == ["MLflow: the alias champion of moved named version 2; set back to the champion, version 1"]
    assert registry.champion_alias("moved") == first.registry_version == "1"


def a_night(
    store: Store, content: bytes | None, cycle_id: str, registry: ModelRegistry, project: str = "parts"
) -> PromoteModelSummary:
    """A night from its exported model to its promotion; the ledger names no version, as on a night without MLflow."""
    cycle = a_cycle_with_model(store, content, cycle_id, None, project=project)
    compared(store, cycle)
    return promote_model(store, cycle, registry)


def tagged(server: AnMlflowServer, name: str) -> dict[str, str]:
    """Version → digest by its tag."""
    found = server.get("model-versions/search", filter=f"name = '{name}'")["model_versions"]
    return {one["version"]: {tag["key"]: tag["value"] for tag in one["tags"]}["nightlens.model_digest"] for one in found}
