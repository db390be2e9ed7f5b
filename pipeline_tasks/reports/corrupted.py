"""Table of both models on corrupted test images."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, table, together
from pipeline_tasks.tables.corruption_score import CorruptionScore


def table_of(data: CycleData) -> Html | None:
    """A row a corruption, with both models' scores at each strength; None where none were measured."""
    scored, rows = data.records.find(EvaluateModelSummary), data.rows(CorruptionScore)
    if scored is None or rows is None or rows.is_empty():
        return None
    found = {(digest, name, strength): score for digest, name, strength, score, _ in rows.rows()}
    digests = [one for one in dict.fromkeys((scored.model_digest, scored.champion_digest)) if one is not None]
    strengths = sorted(set(rows["strength"].to_list()) - {0})
    names = rows.filter(pl.col("strength") > 0)["corruption"].unique(maintain_order=True).to_list()
    heads = [
        "corruption",
        *(f"{model} {strength}" for strength in strengths for model in ("candidate", "champion")[: len(digests)]),
    ]
    shown = [["none", *(ratio(found[digest, "", 0]) for digest in digests), *[""] * (len(digests) * (len(strengths) - 1))]]
    shown += [[name, *(ratio(found[one, name, at]) for at in strengths for one in digests)] for name in names]
    words = data.kind.scoring.names.image_words
    note = (
        f"{words[:1].upper()}{words[1:]} on {scored.corruption_images} test images as they are and through each corruption at "
        "strengths 1 to 3 (gates.corruption_margin)."
    )
    return together([element("h3", "Through corruptions"), table(heads, shown), paragraph(note, quiet=True)])
