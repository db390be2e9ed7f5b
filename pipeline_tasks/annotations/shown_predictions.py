"""Predictions as Label Studio shows them with a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.decoding import Size
from pipeline_tasks.kinds.kind import Kind

MODEL_VERSION = "Nightlens champion"
"""The same for all nights: Label Studio shows a project's predictions of one version only; the table has the model's digest."""


def shown_prediction(kind: Kind, objects: Sequence[Any], size_px: Size, confidence: float | None) -> dict[str, Json]:
    """A prediction as Label Studio imports it."""
    return {"model_version": MODEL_VERSION, "result": kind.labeling.write(objects, size_px), "score": confidence}


def is_asked(one: Any, kind: Kind) -> bool:
    """Return True if people may answer with this object today."""
    is_named = not kind.vocabulary or kind.labeling.counts([one]).keys() <= set(kind.vocabulary)
    return is_named and kind.labeling.can_vote([one])
