"""Candidate and champion on slices of test: those frozen with the version, and those that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from pipeline_tasks.evaluation.gate import Rule
from pipeline_tasks.evaluation.slices import SliceDifference, compare_on_slice
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.scoring import Matches
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.found_slice import FoundSliceImage


def compare_found(
    store: Store, cycle_id: str, kind: Kind, evaluated: EvaluateModelSummary, images: pl.DataFrame, rule: Rule
) -> dict[str, SliceDifference]:
    """Comparison of both models on each found slice, with intervals as wide as looking at all of them asks for (Bonferroni)."""
    if not evaluated.found_slices:
        return {}
    members = _members(store.read(FoundSliceImage, cycle_id), evaluated.found_slices, images)
    wide = replace(rule, confidence=1 - (1 - rule.confidence) / len(members))
    return compare_slices(store, cycle_id, kind, evaluated, members, wide)


def compare_slices(
    store: Store, cycle_id: str, kind: Kind, evaluated: EvaluateModelSummary, members: Mapping[str, pl.DataFrame], rule: Rule
) -> dict[str, SliceDifference]:
    """Comparison of both models on the test images of each slice."""
    if not members:
        return {}
    scoring, champion = kind.scoring, evaluated.champion_digest
    predictions = store.read(scoring.prediction_table, cycle_id)

    def matches_of(rows: pl.DataFrame, digest: str) -> Matches:
        """One model on one slice."""
        found: Matches = scoring.match(predictions, rows, digest)
        return found

    assert evaluated.model_digest is not None
    candidate = evaluated.model_digest
    return {
        name: compare_on_slice(scoring, matches_of(rows, candidate), matches_of(rows, champion) if champion else None, rule)
        for name, rows in members.items()
    }


def _members(rows: pl.DataFrame, found: Sequence[str], images: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Test images of each found slice, by its words; they are numbered in their order."""
    return {
        words: images.join(rows.filter(pl.col("number") == number), on="image_id", how="semi", maintain_order="left")
        for number, words in enumerate(found, 1)
    }
