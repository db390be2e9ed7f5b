"""Test images on which candidate and champion differ, and those that neither gets right, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline_tasks.kinds.reporting import Drawing, Evaluated, PredictionReader, ReadPrediction
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, cards, element, paragraph, together
from pipeline_tasks.reports.image_cards import image_card

MOST_CARDS = 12
STILL_WRONG_BELOW = 0.5
"""Images whose score is lower with both models are still wrong; of kinds that are right or wrong these are all errors of both."""
LEGEND = "Labels are green with a full line, the champion's predictions blue and dotted, the candidate's orange and dashed."


@dataclass(frozen=True)
class Words:
    """Words of the section."""

    sentence: str
    better: str
    worse: str
    wrong: str


RIGHT_OR_WRONG = Words(
    "Of {} test images the candidate fixes {} and breaks {}; {} are still wrong.",
    "Fixed: the champion is wrong, the candidate right",
    "Broken: the champion is right, the candidate wrong",
    "Still wrong: neither is right",
)
GRADED = Words(
    "Of {} test images the candidate is better than the champion on {} and worse on {}; on {} both score less than one half.",
    "Better than the champion",
    "Worse than the champion",
    "Still wrong: both score less than one half",
)


@dataclass(frozen=True)
class TwoPredictions:
    """A test image as both models predict it."""

    image_id: str
    candidate: ReadPrediction
    champion: ReadPrediction
    candidate_score: float
    champion_score: float

    @property
    def gain(self) -> float:
        """Score of the candidate less that of the champion."""
        return self.candidate_score - self.champion_score

    @property
    def is_still_wrong(self) -> bool:
        """Return True if neither model is right."""
        return max(self.candidate_score, self.champion_score) < STILL_WRONG_BELOW


def section(data: CycleData) -> Html | None:
    """Images that are fixed, broken and still wrong; None without a champion to compare with."""
    images = two_predictions(data)
    if not images:
        return None
    better, worse, wrong = fixed(images), broken(images), still_wrong(images)
    is_graded = any(one.candidate_score not in (0, 1) or one.champion_score not in (0, 1) for one in images)
    words = GRADED if is_graded else RIGHT_OR_WRONG
    order = f"By {data.kind.scoring.names.image_words}; the greatest differences come first."
    legend = paragraph(LEGEND, quiet=True) if any(one.candidate.drawing is not None for one in images) else None
    return together(
        [
            paragraph(words.sentence.format(len(images), len(better), len(worse), len(wrong))),
            paragraph(order if is_graded else "The surest errors come first.", quiet=True),
            legend,
            _gallery(data, words.better, better, "right", is_graded=is_graded),
            _gallery(data, words.worse, worse, "wrong", is_graded=is_graded),
            _gallery(data, words.wrong, wrong, "wrong", is_graded=is_graded),
        ]
    )


def fixed(images: Sequence[TwoPredictions]) -> list[TwoPredictions]:
    """Images on which the candidate is better: the greatest gains first, of equal ones the champion's surest errors."""
    return sorted((one for one in images if one.gain > 0), key=lambda one: (-one.gain, -one.champion.confidence, one.image_id))


def broken(images: Sequence[TwoPredictions]) -> list[TwoPredictions]:
    """Images on which the candidate is worse: the greatest losses first, of equal ones the candidate's surest errors."""
    return sorted((one for one in images if one.gain < 0), key=lambda one: (one.gain, -one.candidate.confidence, one.image_id))


def still_wrong(images: Sequence[TwoPredictions]) -> list[TwoPredictions]:
    """Images that both get wrong: the lowest scores first, of equal ones the candidate's surest errors."""
    wrong = (one for one in images if one.is_still_wrong)
    return sorted(wrong, key=lambda one: (one.candidate_score, -one.candidate.confidence, one.image_id))


def two_predictions(data: CycleData) -> list[TwoPredictions]:
    """Labelled test images with the predictions of both models; empty without a champion, or of a kind that reads none."""
    scored, reporting, scoring = data.records.find(EvaluateModelSummary), data.kind.reporting, data.kind.scoring
    predictions = data.rows(scoring.prediction_table)
    if scored is None or scored.model_digest is None or scored.champion_digest in (None, scored.model_digest):
        return []
    if predictions is None or data.dataset_images is None or not isinstance(reporting, PredictionReader):
        return []
    images = scoring.with_truth(data.dataset_images.filter(pl.col("split") == "test")).sort("image_id")
    known = Evaluated(scored.model_digest, images, None, predictions, {})
    digests = (scored.model_digest, str(scored.champion_digest))
    mine, theirs = (reporting.read_predictions(replace(known, model_digest=one)) for one in digests)
    scores = [scoring.image_scores(scoring.match(predictions, images, one)) for one in digests]
    return [
        TwoPredictions(image_id, mine[image_id], theirs[image_id], own, rival)
        for image_id, own, rival in zip(images["image_id"], *np.asarray(scores).tolist(), strict=True)
        if image_id in mine and image_id in theirs
    ]


def _gallery(data: CycleData, title: str, images: Sequence[TwoPredictions], mark: str, *, is_graded: bool) -> Html | None:
    if not images:
        return None
    shown = [_card(data, one, mark, is_graded=is_graded) for one in images[:MOST_CARDS]]
    is_wide = images[0].candidate.drawing is not None
    return together([element("h3", f"{title} ({len(images)})"), cards(shown, len(images), "images", is_wide=is_wide)])


def _card(data: CycleData, one: TwoPredictions, mark: str, *, is_graded: bool) -> Html:
    before, now = ((f" ({score:.2f})" if is_graded else "") for score in (one.champion_score, one.candidate_score))
    lines = (f"champion: {one.champion.says}{before}", f"candidate: {one.candidate.says}{now}")
    return image_card(data, one.image_id, *lines, title=one.candidate.truth, mark=mark, drawing=_both(one))


def _both(one: TwoPredictions) -> Drawing | None:
    """Labels and both models' objects as outlines, since fills would hide each other."""
    if one.candidate.drawing is None or one.champion.drawing is None:
        return one.candidate.drawing
    theirs = [replace(shape, origin="champion") for shape in one.champion.drawing.shapes if shape.origin == "prediction"]
    shapes = [replace(shape, is_filled=False) for shape in (*one.candidate.drawing.shapes, *theirs)]
    return replace(one.candidate.drawing, shapes=tuple(shapes))
