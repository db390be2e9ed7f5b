"""Images that a cycle's hours or money pay for, by what images have cost so far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation

MIN_ANNOTATIONS = 20
"""Answers with a known time without which nothing is known of the cost of an image."""
SECONDS_AN_HOUR = 3600


def affordable(store: Store, cycle: Cycle) -> tuple[Cycle, str]:
    """The cycle with `selection.budget` lowered to what its hours or money pay for, and a sentence; without a limit as it is.

    An image costs the median time of an answer times the answers an image so far, those of overlap, gold and second looks among
    them. The median, because somebody who leaves a page open overnight would make a mean useless.
    """
    project = cycle.project
    hours, words = _hours(project)
    if hours is None:
        return cycle, ""
    annotations = store.current(Annotation, ["image_id", "state", "lead_time_s"]).filter(
        pl.col("state").cast(pl.String) != "deleted"
    )
    timed = annotations["lead_time_s"].drop_nulls()
    selection, budget = project.selection, project.selection.budget
    if timed.len() < MIN_ANNOTATIONS:
        said = f" selection.budget of {budget} stands: {words} cannot be turned into images before {MIN_ANNOTATIONS} timed answers"
        return cycle, f"{said} are there ({timed.len()} are)."
    median, each = float(np.median(timed.to_numpy())), annotations.height / annotations["image_id"].n_unique()
    images = int(hours * SECONDS_AN_HOUR / max(median * each, 1e-9))
    said = f" {words} pay for {images} images, at {median:.0f} s an answer and {each:.2f} answers an image so far"
    said += f"; selection.budget is {budget}." if images >= budget else "."
    lowered = selection.model_copy(update={"budget": min(budget, images)})
    return replace(cycle, project=project.model_copy(update={"selection": lowered})), said


def _hours(project: Project) -> tuple[float | None, str]:
    """Hours of people that a cycle may cost, and the limit in words; the lower of both if hours and money are set."""
    selection, labeling = project.selection, project.labeling
    limits: list[tuple[float, str]] = []
    if selection.budget_hours is not None:
        limits.append((selection.budget_hours, f"{selection.budget_hours:g} h"))
    if selection.budget_money is not None and labeling.cost_per_hour:
        limits.append((selection.budget_money / labeling.cost_per_hour, f"{selection.budget_money:g} {labeling.currency}"))
    return min(limits, default=(None, ""), key=lambda one: one[0] or 0.0)
