"""Section on groups of test images on which the models err more than elsewhere."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, cards, element, paragraph, ratio, table, together
from pipeline_tasks.reports.image_cards import image_card
from pipeline_tasks.tables.found_slice import FoundSlice, FoundSliceImage

MOST_SLICES, MOST_CARDS = 5, 8


def section(data: CycleData) -> Html | None:
    """Found slices with their figures, and the worst images of each; None where none were looked for."""
    scored = data.records.find(EvaluateModelSummary)
    if scored is None or not scored.slices_looked_at:
        return None
    found, members = data.rows(FoundSlice), data.rows(FoundSliceImage)
    looked = f"{scored.slices_looked_at} groups of test images were looked at, by what is recorded and measured and by likeness."
    if found is None or members is None or found.is_empty():
        return paragraph(f"{looked} On none of them do the models err more than chance explains.", quiet=True)
    rows = found.sort("number").to_dicts()
    shown = [_gallery(data, row, members) for row in rows[:MOST_SLICES]]
    ask = f"python -m pipeline_tasks ask_for_slice --project {data.project} --of-cycle {data.cycle_id} --slice 1 --images 50"
    asked = paragraph("To have 50 more images like those of the first slice labelled: ", element("code", ask))
    return together([paragraph(_sentence(rows, looked)), _table(data, rows), asked, paragraph(_about(data), quiet=True), *shown])


def _sentence(rows: list[dict[str, Any]], looked: str) -> str:
    named = "; ".join(f"{row['words']} ({100 * (row['inside'] - row['outside']):+.0f} points)" for row in rows[:MOST_SLICES])
    return f"The models err more than elsewhere on images of: {named}. {looked}"


def _table(data: CycleData, rows: list[dict[str, Any]]) -> Html:
    compared = data.records.find(CompareWithChampionSummary)
    differences = {} if compared is None else compared.found_slices
    shown = [
        (
            row["words"],
            row["images"],
            row["groups"],
            ratio(row["inside"]),
            ratio(row["outside"]),
            _bounds(row["inside"] - row["outside"], row["low"], row["high"]),
            f"{row['p']:.4f}",
            _between_models(differences.get(row["words"])),
        )
        for row in rows
    ]
    heads = ("slice", "images", "groups", "inside", "elsewhere", "difference in points", "corrected p", "candidate less champion")
    return table(heads, shown)


def _about(data: CycleData) -> str:
    return (
        f"Inside and elsewhere: {data.kind.scoring.names.image_words}, with a champion the mean of both models', so that their "
        "comparison there leans to neither. Corrected p: the share of searches in which errors that know nothing of slices give "
        "one as bad as this. The interval is of the slice by itself; the worst of many looks worse than it is."
    )


def _gallery(data: CycleData, row: dict[str, Any], members: pl.DataFrame) -> Html:
    """The images of a slice with the lowest scores."""
    worst = members.filter(pl.col("number") == row["number"]).sort("score", "image_id").head(MOST_CARDS)
    shown = [
        image_card(data, image_id, f"score {score:.2f}", mark="wrong" if score < row["outside"] else None)
        for image_id, score in worst.select("image_id", "score").iter_rows()
    ]
    also = f" Mostly the same images: {', '.join(row['also'].splitlines())}." if row["also"] else ""
    said = paragraph(f"The lowest of {row['images']} images.{also}", quiet=True)
    return together([element("h3", f"{row['number']}. {row['words']}"), said, cards(shown, row["images"], "images")])


def _bounds(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:+.1f}" + ("" if low is None or high is None else f" ({100 * low:+.1f} to {100 * high:+.1f})")


def _between_models(found: dict[str, float | None] | None) -> str:
    return "–" if found is None else _bounds(found["difference"], found["low"], found["high"])
