"""All that MLflow shows of one model, as ledger and store have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_tasks.json_values import Json


@dataclass(frozen=True)
class MirroredModel:
    """One exported model, with its training, for a mirror that people look at."""

    name: str
    """The project's outside name: its experiment and its registered model in MLflow."""
    digest: str
    cycle_key: str
    """Key of its training's run."""
    dataset_id: str
    dataset_source: str
    """Key of the dataset version's index in the project's root."""
    params: Mapping[str, Json]
    """Settings of its training."""
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    run_id: str | None = None
    """The run that the ledger recorded; None if MLflow did not answer then."""
    version: str | None = None
    """The registered version that the ledger recorded, for people: it may be gone, and another one may stand for the model."""
    is_exported: bool = False
    """True if the ledger has its export, so that MLflow is expected to know it."""
