"""Scorecard: scores of candidate and champion, and their rows for tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Matches, Score, Scoring
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class Scorecard:
    """Figures of each model by digest; the first is the candidate, with the baseline."""

    scoring: Scoring[Any]
    matches: Mapping[str, Matches]
    figures: Mapping[str, tuple[Figure, ...]]
    left_out: tuple[str, ...]
    """Classes too rare to count in the score."""

    @property
    def candidate(self) -> Matches:
        """Matches of the candidate."""
        return next(iter(self.matches.values()))

    def overall(self, model_digest: str | None) -> dict[str, Figure]:
        """One model's figures on the whole test, by name; empty for a model that was not scored."""
        return {figure.metric: figure for figure in self.figures.get(model_digest or "", ()) if figure.is_overall}

    def metric_rows(self, dataset_id: str, split: str) -> pl.DataFrame:
        """All figures as rows of `metrics`."""
        mark = {"dataset_id": dataset_id, "split": split}
        return pl.DataFrame(
            [mark | {"model_digest": digest} | asdict(figure) for digest, found in self.figures.items() for figure in found]
        )

    def details(self) -> Sequence[tuple[type[Table], pl.DataFrame]]:
        """Further tables of the kind, with their rows."""
        return self.scoring.details(self.matches)


def slice_figures(card: Scorecard, champion_digest: str | None) -> dict[str, float | None]:
    """Summary of a slice: images, groups, both models' figures with their bounds; None if unavailable.

    The mean image score comes first, because a slice may be small, and in a set that a person chose each image counts the same.
    """
    found: dict[str, float | None] = {"images": card.candidate.images, "groups": card.candidate.group_count}
    candidate_digest, names = next(iter(card.matches)), card.scoring.names
    for digest, prefix in ((candidate_digest, ""), (champion_digest, "champion_")):
        for name in (names.image_metric, names.metric):
            figure = card.overall(digest).get(name)
            bounds = (None, None, None) if figure is None else (figure.value, figure.low, figure.high)
            found |= {f"{prefix}{name}{end}": bound for end, bound in zip(("", "_low", "_high"), bounds, strict=True)}
    return found


def score(
    scoring: Scoring[Any], matches: Mapping[str, Matches], *, min_images: int, samples: int, confidence: float, seed: int
) -> Scorecard:
    """Score all models on the same bootstrap draws. An unavailable figure (no class counts) is left out."""
    candidate_digest, candidate = next(iter(matches.items()))
    draws = draw_groups(candidate.group_count, samples, seed)
    basis = scoring.basis(candidate, min_images)
    found = {digest: list(scoring.figures(one, basis, draws, confidence)) for digest, one in matches.items()}
    found[candidate_digest] += _baseline(scoring, candidate, basis, draws, confidence)
    known = {digest: tuple(figure for figure in some if not np.isnan(figure.value)) for digest, some in found.items()}
    return Scorecard(scoring, matches, known, basis.left_out)


def _baseline(scoring: Scoring[Any], candidate: Matches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
    """Score of the trivial baseline."""
    found: Score = scoring.score(scoring.baseline(candidate), basis, draws)
    interval = percentile_interval(found.draws, confidence)
    low, high = (None if np.isnan(bound) else bound for bound in (interval.low, interval.high))
    yield Figure(scoring.names.baseline_metric, "", found.value, low, high, candidate.images)
