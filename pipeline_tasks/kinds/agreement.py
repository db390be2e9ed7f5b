"""Agreement of annotators on images with several annotations, and the words for a kind's measure of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeVar

A = TypeVar("A")
"""One person's annotation of an image."""


@dataclass(frozen=True)
class AgreementMeasure:
    """A kind's measure of two annotations of one image, from 0 to 1: either equal or not, or how alike they are."""

    mean: str = ""
    """Name of the mean over pairs, such as `mean IoU`; empty for annotations that agree or do not."""
    votes_compared_with: str = "the label"
    """The comparison behind a label's `agreement_ratio`."""
    disagree_below: float = 1.0
    """Two annotations less alike than this are shown to people as a disagreement."""

    @property
    def heading(self) -> str:
        """Head of a column of such figures."""
        return self.mean or "agree"

    def figure(self, value: float) -> str:
        """One figure: a share of pairs in per cent, a mean likeness as a number."""
        return f"{value:.2f}" if self.mean else f"{100 * value:.1f} %"

    def of_pairs(self, found: Agreement) -> str:
        """The figure over the pairs of a round; it needs at least one."""
        pairs = f"{found.pairs} {'pair' if found.pairs == 1 else 'pairs'} of annotations"
        value = self.figure(found.agreeing_ratio or 0.0)
        said = f"{self.mean} {value} over {pairs}" if self.mean else f"{value} of {pairs} agree"
        return f"{said}; {found.says}" if found.says else said

    def of_votes(self, agreement_ratio: float) -> str:
        """The `agreement_ratio` of one label, or its mean over labels."""
        if self.mean:
            return f"{self.mean} with {self.votes_compared_with} {self.figure(agreement_ratio)}"
        return f"{100 * agreement_ratio:.0f} % agree"

    @property
    def about(self) -> str:
        """Explanation of the column `agreement_ratio`, to follow *is*."""
        if self.mean:
            return f"their {self.mean} with {self.votes_compared_with}"
        return "the share of them that agree with the label"

    @property
    def of_disagreements(self) -> str:
        """The limit of `disagree_below`, if it is one of the mean; else empty."""
        return f" ({self.mean} below {self.disagree_below:g})" if self.disagree_below < 1 else ""


@dataclass(frozen=True)
class Agreement:
    """Agreement over all pairs of annotations of the same image."""

    images: int
    """Images with at least two annotations."""
    pairs: int
    agreeing_ratio: float | None
    """The mean of the kind's measure; None if there is no pair."""
    pairwise: dict[tuple[str, str], tuple[int, float]]
    """Two annotators → number of pairs of annotations, and the sum of the measure over them."""
    says: str = ""
    """The measure in words, and other figures, to follow the ratio; empty if there is no pair."""

    def saying(self, says: Callable[[], str]) -> Agreement:
        """The same with these words, if there is a pair."""
        return replace(self, says=says()) if self.pairs else self


def shared_only(annotations: Mapping[str, Mapping[str, A]]) -> dict[str, Mapping[str, A]]:
    """Images that several people annotated."""
    return {image: given for image, given in annotations.items() if len(given) > 1}


def over_pairs(annotations: Mapping[str, Mapping[str, A]], measure: Callable[[A, A], float]) -> Agreement:
    """Mean of a measure over all pairs of annotations of one image, from image → annotator → annotation."""
    shared = shared_only(annotations)
    pairwise: dict[tuple[str, str], tuple[int, float]] = {}
    for given in shared.values():
        for one, other in combinations(sorted(given), 2):
            pairs, total = pairwise.get((one, other), (0, 0.0))
            pairwise[one, other] = pairs + 1, total + measure(given[one], given[other])
    pairs = sum(count for count, _ in pairwise.values())
    if not pairs:
        return Agreement(0, 0, None, {})
    ratio = sum(total for _, total in pairwise.values()) / pairs
    return Agreement(len(shared), pairs, ratio, dict(sorted(pairwise.items())))
