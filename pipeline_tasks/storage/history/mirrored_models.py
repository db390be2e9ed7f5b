"""Facts about one model for its mirrors, read from ledger and frozen settings."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.figure_names import named_figures
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.scoring import ScoreNames
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.history.trained_with import trained_with


def mirrored_model(store: Store, cycle_id: str, digest: str, outside_name: str) -> MirroredModel:
    """The model `digest` that the cycle trained, with all that ledger and settings say of it so far."""
    trained = store.find_summary(cycle_id, TrainModelSummary) or TrainModelSummary(skipped=None)
    exported = store.find_summary(cycle_id, ExportModelSummary)
    evaluated = store.find_summary(cycle_id, EvaluateModelSummary)
    cycle = trained_with(store, cycle_id)
    names = kind_of(cycle.project).scoring.names
    return MirroredModel(
        name=outside_name,
        digest=digest,
        cycle_key=cycle_key(outside_name, cycle_id),
        dataset_id=str(trained.dataset_id),
        dataset_source=index_key(str(trained.dataset_id)),
        params=training_params(cycle),
        tags={
            **training_tags(cycle, str(trained.dataset_id), str(trained.backbone_digest)),
            **(trained.origin.tags if trained.origin else {}),
            **(trained.start.tags if trained.start else {}),
        },
        metrics={**_trained(trained, names), **({} if evaluated is None else evaluation_metrics(evaluated, names))},
        run_id=trained.mlflow_run_id,
        version=None if exported is None else exported.registry_version,
        is_exported=exported is not None,
    )


def cycle_key(outside_name: str, cycle_id: str) -> str:
    """Key by which a mirror finds the run of a cycle."""
    return f"{outside_name}/{cycle_id}"


def training_params(cycle: Cycle) -> Mapping[str, Json]:
    """Settings of the cycle's training."""
    training = cycle.project.training.model_dump()
    fit = {f"fit.{name}": value for name, value in training.pop("fit").items()}
    network = cycle.project.network
    return training | fit | {"backbone": cycle.project.backbone.name} | ({} if network is None else {"network": network.name})


def training_tags(cycle: Cycle, dataset_id: str, backbone_digest: str) -> Mapping[str, str]:
    """Origin of the cycle's training."""
    return {
        "nightlens.dataset_id": dataset_id,
        "nightlens.backbone_digest": backbone_digest,
        "nightlens.code_version": cycle.code_version,
        "nightlens.cycle_id": cycle.cycle_id,
    }


def evaluation_metrics(evaluated: EvaluateModelSummary, names: ScoreNames) -> Mapping[str, float]:
    """Figures on the test images, and on each slice."""
    found = {f"test_{name}": value for name, value in named_figures(evaluated, names).items()}
    of_slices = (*(f"{names.image_metric}{end}" for end in ("", "_low", "_high")), f"champion_{names.image_metric}")
    found |= {f"{name}_{one}": figures.get(one) for name, figures in evaluated.slices.items() for one in of_slices}
    return _known(found)


def _trained(trained: TrainModelSummary, names: ScoreNames) -> Mapping[str, float]:
    """Figures of the best epoch, as the training logs them at its end."""
    best = {f"best_val_{names.metric}": trained.val_score, "best_val_loss": trained.val_loss}
    return _known(best | {"temperature": trained.temperature})


def _known(found: Mapping[str, float | None]) -> Mapping[str, float]:
    return {name: value for name, value in found.items() if value is not None}
