"""Agreement of people with the champion, where they saw its prediction and where it was hidden by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.annotations.votes import Objects, is_unanimous
from pipeline_tasks.intervals.medians import median_difference
from pipeline_tasks.intervals.proportions import share_difference
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.model_agreement import ArmAgreement, ModelAgreement
from pipeline_tasks.kinds.object_changes import ObjectChanges
from pipeline_tasks.kinds.refused import problems
from pipeline_tasks.tables.pre_annotation import HIDDEN, SHOWN


@dataclass(frozen=True)
class SaidOfRound:
    """Words of people and of the champion about the images of a round."""

    arms: Mapping[str, str]
    """Image → arm, as the table `pre_annotations` has it."""
    predicted: Mapping[str, Objects]
    """Image → objects of the prediction."""
    annotations: pl.DataFrame
    """Rows of `Annotation` of the round."""
    objects: Mapping[tuple[str, ...], Objects]
    """Annotation and revision → objects."""
    sizes: Mapping[str, tuple[int, int]]
    """Image → width and height."""


def model_agreement(said: SaidOfRound, labeling: Labeling[Any], confidence: float, seed: int) -> ModelAgreement:
    """Compare the arms that chance made. An image that several people annotated is left out."""
    usable = said.annotations.filter(pl.col("state").cast(pl.String) == "answered")
    single = usable.filter(pl.len().over("image_id") == 1)
    arms = {arm: _arm(said, single, arm, labeling) for arm in (SHOWN, HIDDEN)}
    shares = [(arms[arm].agreeing / max(1, arms[arm].images), arms[arm].images) for arm in (SHOWN, HIDDEN)]
    saved = median_difference(arms[HIDDEN].seconds, arms[SHOWN].seconds, confidence, seed)
    return ModelAgreement(arms, confidence, share_difference(shares[0], shares[1], confidence), saved)


def _arm(said: SaidOfRound, annotations: pl.DataFrame, arm: str, labeling: Labeling[Any]) -> ArmAgreement:
    found = ArmAgreement()
    of_arm = annotations.filter(pl.col("image_id").replace_strict(said.arms, default=None, return_dtype=pl.String) == arm)
    for row in of_arm.sort("image_id").iter_rows(named=True):
        person = said.objects.get((row["annotation_id"], row["revision"]), ())
        if problems(person) or not labeling.can_vote(person):
            continue
        shown = labeling.write(said.predicted[row["image_id"]], said.sizes[row["image_id"]])
        # As people would give it back: places are rounded on the way through Label Studio.
        model = labeling.read(shown)
        changes = labeling.object_changes(model, person)
        found = ArmAgreement(
            found.images + 1,
            found.agreeing + is_unanimous([model, person], labeling),
            found.kept + (changes == ObjectChanges()),
            found.changes + changes,
            found.seconds if row["lead_time_s"] is None else (*found.seconds, row["lead_time_s"]),
        )
    return found
