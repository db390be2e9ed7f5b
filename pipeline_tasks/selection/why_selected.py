"""Sentences on a selection: the number of eligible images, of selected ones, and the reasons of those left out."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.selection.candidates import Candidates


def why_selected(budget: int, pool: Candidates, rows: pl.DataFrame, control: int, golden: int) -> str:
    """Description of the selection in one or two sentences."""
    reasons = ", ".join(f"{count} {why.replace('_', ' ')}" for why, count in pool.left_out.items())
    left_out = f" Left out: {reasons}." if reasons else ""
    if golden and budget:
        left_out = f" {golden} images of the golden set come first.{left_out}"
    if budget == 0 and golden:
        return f"{golden} images of the golden set were selected, which is the whole budget.{left_out}"
    if budget == 0:
        return "Nothing was selected: the budget is 0."
    if rows.is_empty():
        return f"Nothing was selected: no image is eligible.{left_out}"
    selected = "all of them, since the budget is larger" if budget >= pool.images.height else f"{rows.height} of them"
    return f"{pool.images.height} images were eligible; selected: {selected}, {control} drawn at random.{left_out}"
