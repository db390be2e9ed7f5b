"""Nights from an exported model to the serving pointer, with stand-ins for the services."""

from __future__ import annotations

from collections.abc import Callable

from given import STARTED_AT, a_project
from given_candidates import (
    InProcessDecoder,
    RecordingRegistry,
    a_cycle_with_model,
)
from tiny_model import tiny_model

from pipeline_tasks.clients.mlflow_versions import RegisteredVersion
from pipeline_tasks.clients.prediction_server import Readiness
from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle, CycleOpening
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.deploy.roll_back import roll_back
from pipeline_tasks.stages.deploy.roll_out import roll_out
from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion
from pipeline_tasks.stages.evaluate.evaluate_model import evaluate_model
from pipeline_tasks.storage.history.store import Store

BETTER = tiny_model(["bolt", "nut"], channels=(0, 1), bias=0.5)
"""Answers as GOOD does, and is another file."""


class Server:
    """Answers with one digest; None: it is away."""

    def __init__(self, digest: str | None) -> None:
        self.digest = digest

    def wait_for(self, model_digest: str, within_s: float) -> Readiness | None:
        return None if self.digest is None else Readiness(True, self.digest, "It refused the new one.")


class AwayRegistry:
    def show_model(self, model: MirroredModel, read: Callable[[], bytes]) -> RegisteredVersion:
        raise ServiceUnavailableError("MLflow is away")

    def champion_alias(self, outside_name: str) -> str | None:
        raise ServiceUnavailableError("MLflow is away")

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        raise ServiceUnavailableError("MLflow is away")


def compared(store: Store, cycle: Cycle) -> CompareWithChampionSummary:
    evaluate_model(store, cycle, InProcessDecoder(), RecordingRegistry())
    return compare_with_champion(store, cycle)


def a_night_of(store: Store, content: bytes, cycle_id: str, version: str, registry: RecordingRegistry) -> PromoteModelSummary:
    """One cycle from its exported model to its pointer."""
    cycle = a_cycle_with_model(store, content, cycle_id, version)
    compared(store, cycle)
    promoted = promote_model(store, cycle, registry)
    roll_out(store, cycle)
    return promoted


def a_roll_back(
    store: Store, to: str | None, registry: object, cycle_id: str = "2026-11-23", run_key: str = "test"
) -> RollBackSummary:
    return roll_back(store, CycleOpening(a_project(), cycle_id, run_key, STARTED_AT, "test"), registry, to_model_digest=to)  # type: ignore[arg-type]
