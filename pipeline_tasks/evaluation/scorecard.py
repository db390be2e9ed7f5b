"""Scores candidate and champion side by side and lays their figures out as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline_tasks.evaluation.answers import Answers
from pipeline_tasks.evaluation.scores import Figure, confusions, counted_classes, figures, majority_figure
from pipeline_tasks.intervals.bootstrap import draw_groups


@dataclass(frozen=True)
class Scorecard:
    """The figures of each model by its digest; the candidate is the first and brings the baseline."""

    answers: Mapping[str, Answers]
    figures: Mapping[str, tuple[Figure, ...]]
    classes_left_out: tuple[str, ...]

    @property
    def candidate(self) -> Answers:
        """The candidate's answers."""
        return next(iter(self.answers.values()))

    def overall(self, model_digest: str | None) -> dict[str, Figure]:
        """One model's figures over all classes by name; empty for a model that was not scored."""
        return {figure.metric: figure for figure in self.figures.get(model_digest or "", ()) if not figure.class_name}

    def metric_rows(self, dataset_id: str, split: str) -> pl.DataFrame:
        """All figures as rows of `metrics`."""
        mark = {"dataset_id": dataset_id, "split": split}
        return pl.DataFrame(
            [mark | {"model_digest": digest} | asdict(figure) for digest, found in self.figures.items() for figure in found]
        )

    def confusion_rows(self) -> pl.DataFrame:
        """Who was taken for whom, as rows of `confusions`."""
        return pl.DataFrame(list(self._mixed_up()))

    def _mixed_up(self) -> Iterator[dict[str, Any]]:
        for digest, one in self.answers.items():
            for truth, predicted, images in confusions(one):
                yield {"model_digest": digest, "class_name": truth, "predicted_class_name": predicted, "images": images}


SLICE_FIGURES = ("accuracy", "balanced_accuracy")
"""Accuracy first: a slice may be small or of one class, and in a set that a person chose each image counts the same."""


def slice_figures(card: Scorecard, champion_digest: str | None) -> dict[str, float | None]:
    """What a slice says in a summary: images, groups, both models' figures with their bounds; None where one cannot be given."""
    found: dict[str, float | None] = {"images": len(card.candidate.truth), "groups": card.candidate.group_count}
    candidate_digest = next(iter(card.answers))
    for digest, prefix in ((candidate_digest, ""), (champion_digest, "champion_")):
        for name in SLICE_FIGURES:
            figure = card.overall(digest).get(name)
            bounds = (None, None, None) if figure is None else (figure.value, figure.low, figure.high)
            found |= {f"{prefix}{name}{end}": bound for end, bound in zip(("", "_low", "_high"), bounds, strict=True)}
    return found


def score(answers: Mapping[str, Answers], *, min_images: int, samples: int, confidence: float, seed: int) -> Scorecard:
    """Score every model on the same bootstrap draws. A figure that cannot be given (no class counts) is left out."""
    candidate_digest, candidate = next(iter(answers.items()))
    draws = draw_groups(candidate.group_count, samples, seed)
    counted, left_out = counted_classes(candidate, min_images)
    found = {digest: list(figures(one, counted, draws, confidence)) for digest, one in answers.items()}
    found[candidate_digest].append(majority_figure(candidate, counted, draws, confidence))
    known = {digest: tuple(figure for figure in some if not np.isnan(figure.value)) for digest, some in found.items()}
    return Scorecard(answers, known, left_out)
