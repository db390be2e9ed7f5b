"""Scores of candidate and champion on a sample of test images through each corruption."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline_tasks.evaluation.corruptions.corrupting import CORRUPTIONS, STRENGTHS, corrupted
from pipeline_tasks.evaluation.gate import Rule
from pipeline_tasks.evaluation.predict import Model, Pixels, predict
from pipeline_tasks.evaluation.slices import mean_difference
from pipeline_tasks.kinds.decoding import Size
from pipeline_tasks.kinds.scoring import Floats, Scoring

Images = Mapping[str, tuple[Mapping[str, Pixels], Size]]
"""image_id → image for each model by its digest, and the image's own size."""
AS_THEY_ARE = ("", 0)


@dataclass(frozen=True)
class Corrupted:
    """Figures over all corruptions, and the rows of each."""

    images: int
    score: float
    """The candidate's mean image score."""
    champion_score: float | None
    difference: float | None
    low: float | None
    high: float | None
    rows: pl.DataFrame


def measure_corruptions(
    models: Mapping[str, Model], images: Images, test_images: pl.DataFrame, scoring: Scoring[Any], rule: Rule
) -> Corrupted:
    """Score each model, the candidate first, on these test images through every corruption and as they are."""
    found = {sort: _scores(models, images, test_images, scoring, sort, rule.seed) for sort in (AS_THEY_ARE, *_sorts())}
    rows = [
        {"model_digest": digest, "corruption": name, "strength": strength, "score": float(scores.mean()), "images": len(scores)}
        for (name, strength), of_models in found.items()
        for digest, scores in of_models.items()
    ]
    means = [np.mean([found[sort][digest] for sort in _sorts()], axis=0) for digest in models]
    own = float(means[0].mean())
    if len(means) < 2:
        return Corrupted(len(images), own, None, None, None, None, pl.DataFrame(rows))
    matches = scoring.match(_predictions(models, images, AS_THEY_ARE, rule.seed), test_images, next(iter(models)))
    difference, low, high = mean_difference(means[0], means[1], matches, rule)
    return Corrupted(len(images), own, float(means[1].mean()), difference, low, high, pl.DataFrame(rows))


def _sorts() -> Iterator[tuple[str, int]]:
    """Each corruption at each strength."""
    return ((name, strength) for name in CORRUPTIONS for strength in STRENGTHS)


def _scores(
    models: Mapping[str, Model], images: Images, rows: pl.DataFrame, scoring: Scoring[Any], sort: tuple[str, int], seed: int
) -> dict[str, Floats]:
    """Image scores of each model, in the order of image_id."""
    predictions = _predictions(models, images, sort, seed)
    return {digest: scoring.image_scores(scoring.match(predictions, rows, digest)) for digest in models}


def _predictions(models: Mapping[str, Model], images: Images, sort: tuple[str, int], seed: int) -> pl.DataFrame:
    def images_of(image_id: str) -> tuple[Mapping[str, Pixels], Size]:
        """The image for each model, through the corruption; all models see the same one."""
        made, size_px = images[image_id]
        if sort == AS_THEY_ARE:
            return made, size_px
        own = int(hashlib.sha256(f"{seed} {image_id}".encode()).hexdigest()[:8], 16)
        return {digest: corrupted(pixels, *sort, own) for digest, pixels in made.items()}, size_px

    return predict(models, list(images), images_of)
