"""Measure the gain of selected images over random ones, and the cost of the labels so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeline_tasks.intervals.proportions import Wrong
from pipeline_tasks.intervals.resampled import Estimate
from pipeline_tasks.kinds.choosing import Labelled
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import version_rows
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.pre_annotation import SHOWN, PreAnnotation
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.table import empty

STAGE = "measure_selection_gain"
SECONDS_AN_HOUR = 3600


def measure_selection_gain(store: Store, cycle: Cycle) -> MeasureSelectionGainSummary:
    """Compare the arms on all labels so far; if there are too few, say so and still count the cost.

    Raises:
        MissingStageError: the cycle has built no dataset version.
        CorruptObjectError: a table or the champion was changed in the store.
    """
    standing = store.finished(cycle.cycle_id, STAGE, MeasureSelectionGainSummary)
    if standing is not None:
        return standing
    version = store.summary(cycle.cycle_id, BuildDatasetVersionSummary)
    annotations = store.current(Annotation, ["state", "lead_time_s"]).filter(pl.col("state").cast(pl.String) != "deleted")
    summary = _spent(cycle, hours=float(annotations["lead_time_s"].sum()) / SECONDS_AN_HOUR)
    if version.dataset_cycle_id is None:
        return store.finish(cycle.cycle_id, STAGE, replace(summary, why="No image is labelled yet."))
    rows = _rows(store, cycle, version.dataset_cycle_id)
    summary = replace(
        _measured(store, cycle, rows, summary),
        labelled_chosen=rows.filter(arm="strategy").height,
        labelled_drawn=rows.filter(arm="control").height,
        champion_wrong=_champion_wrong(store, cycle, rows),
    )
    return store.finish(cycle.cycle_id, STAGE, summary)


def _spent(cycle: Cycle, hours: float) -> MeasureSelectionGainSummary:
    """The cost of the labels so far; nothing is measured yet."""
    labeling, confidence = cycle.project.labeling, cycle.project.gates.confidence
    if labeling.cost_per_hour is None:
        return MeasureSelectionGainSummary("", hours=hours, confidence=confidence)
    money = hours * labeling.cost_per_hour
    return MeasureSelectionGainSummary("", hours=hours, confidence=confidence, money=money, currency=labeling.currency)


def _rows(store: Store, cycle: Cycle, dataset_cycle_id: str) -> pl.DataFrame:
    """The version's images in order of selection, with their arms; without golden and imported images."""
    picks = (
        store.history(SelectedImage, ["image_id", "arm", "rank", "strategy"])
        .with_columns(pl.col("arm").cast(pl.String), number=(pl.col("rank") == 0).cum_sum())
        .filter(pl.col("strategy") != "golden")
        .select("image_id", "arm", "number")
        .unique("image_id", keep="first", maintain_order=True)
        .with_row_index("asked")
    )
    kind = kind_of(cycle.project)
    manifest = kind.scoring.with_truth(version_rows(store, dataset_cycle_id))
    rows = manifest.select("image_id", "split_group_id", target=kind.choosing.names(manifest))
    return rows.join(picks, on="image_id").sort("asked")


def _measured(store: Store, cycle: Cycle, rows: pl.DataFrame, summary: MeasureSelectionGainSummary) -> MeasureSelectionGainSummary:
    """The summary with the comparison of the arms, or the reason why there is none."""
    embeddings = read_embeddings(store, rows["image_id"].to_list(), newest_backbone_digest(store))
    seen = rows.filter(pl.Series(embeddings.has_embedding))
    labelled = Labelled(
        embeddings=embeddings.vectors[embeddings.has_embedding],
        targets=_numbers(seen["target"]),
        groups=_numbers(seen["split_group_id"]),
        is_control=(seen["arm"] == "control").to_numpy(),
        cycles=seen["number"].to_numpy().astype(np.int64),
    )
    choosing = kind_of(cycle.project).choosing
    why = choosing.why_no_gain(labelled)
    if why:
        return replace(summary, why=why)
    gain = choosing.gain(labelled, confidence=cycle.project.gates.confidence, seed=derive_seed(cycle.seed, STAGE))
    return replace(
        summary,
        labels=gain.labels,
        mean_labels=gain.mean_labels,
        mean_chosen=gain.mean_chosen,
        test_images=gain.test_images,
        classes=gain.classes,
        classes_seen=len(np.unique(labelled.targets)),
        chosen=_spelled(gain.chosen),
        drawn=_spelled(gain.drawn),
        difference=_spelled(gain.difference),
    )


def _spelled(found: Estimate) -> list[float]:
    return [found.value, found.low, found.high]


def _champion_wrong(store: Store, cycle: Cycle, rows: pl.DataFrame) -> dict[str, list[int]]:
    """Predictions of the champion at the time of selection, compared with the labels given since by people who did not see them."""
    selected = store.find_summary(cycle.cycle_id, SelectImagesSummary)
    digest = None if selected is None else selected.champion_digest
    if digest is None:
        return {}
    # Imported here, because models are heavy to import and a project's first nights have no champion.
    from pipeline_tasks.models.exported import read_head

    head = read_head(read_model(store.objects, digest))
    if head is None:
        return {}
    tonight = rows.join(store.read(SelectedImage, cycle.cycle_id).select("image_id"), on="image_id", maintain_order="left")
    # Whoever sees a prediction is more likely to agree with it.
    tonight = tonight.join(_shown(store, cycle), on="image_id", how="anti", maintain_order="left")
    embeddings = read_embeddings(store, tonight["image_id"].to_list(), head.backbone_digest)
    if tonight.is_empty() or not embeddings.has_embedding.all():
        return {}
    vocabulary, sums = kind_of(cycle.project).changes.of_columns(head.vocabulary)
    expected = np.array(vocabulary)[(head.scorer.beliefs(embeddings.vectors) @ sums).argmax(axis=1)]
    marked = tonight.with_columns(is_wrong=pl.Series(expected != tonight["target"].to_numpy()))
    return {arm: _wrong(marked.filter(arm=arm)) for arm in ("strategy", "control")}


def _shown(store: Store, cycle: Cycle) -> pl.DataFrame:
    """Images of this cycle's round whose annotator saw the champion's prediction."""
    rows = store.read(PreAnnotation, cycle.cycle_id) if store.has(PreAnnotation, cycle.cycle_id) else empty(PreAnnotation)
    return rows.filter(pl.col("arm").cast(pl.String) == SHOWN).select("image_id")


def _wrong(rows: pl.DataFrame) -> list[int]:
    found = Wrong(rows.height, int(rows["is_wrong"].sum()))
    return [found.images, found.wrong]


def _numbers(names: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Names as numbers, in the order of the names."""
    numbered: Mapping[str, int] = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbered[name] for name in names], np.int64)
