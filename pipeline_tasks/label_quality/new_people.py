"""More overlap while most people are new, so that those who guess are known within their first tasks.

An annotation says something about a person only if others say something about the same image, and one other person says little.
So as long as most people are new, more images are annotated by more people, as many as these people need.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from pipeline_tasks.label_quality.votes import Integers


@dataclass(frozen=True)
class Overlap:
    """Images of a round that several people annotate."""

    ratio: float
    """Share of the round's images."""
    annotators: int
    """Number of people for each of them."""

    @property
    def votes_an_image(self) -> float:
        """Mean number of people an image."""
        return 1 + self.ratio * (self.annotators - 1)


@dataclass(frozen=True)
class Wanted:
    """Annotations that somebody needs to be known."""

    annotations: int
    """Annotations of a person that others or gold judge, below which the person is new; 0: nobody is."""
    annotators: int
    """People for each image of a raised overlap."""
    most_ratio: float
    """Largest share of the images for which it is raised."""


def overlap_for_new_people(judged: Integers, images: int, usual: Overlap, wanted: Wanted) -> Overlap:
    """Overlap of a round of so many images; `judged` are the annotations of each person that were judged so far.

    It is raised where at least half of two or more people are new, as nobody can say who opens a task: with fewer new people most
    copies would go to others. A project without overlap (ratio 0) stays without.
    """
    missing = np.maximum(wanted.annotations - judged, 0)
    new = int((missing > 0).sum())
    if not usual.ratio or not images or len(judged) < 2 or 2 * new < len(judged):
        return usual
    needed = ceil(missing.sum() * len(judged) / new)
    if usual.ratio * images * usual.annotators >= needed:
        return usual
    annotators = max(usual.annotators, min(wanted.annotators, len(judged)))
    return Overlap(max(usual.ratio, min(wanted.most_ratio, ceil(needed / annotators) / images)), annotators)
