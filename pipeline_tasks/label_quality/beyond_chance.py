"""Agreement beyond chance in one set of votes: of all people, by name, by pair of people and by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipeline_tasks.label_quality.alpha import Alpha, alpha_by_name, alpha_with_interval
from pipeline_tasks.label_quality.kappa import cohens_kappa, fleiss_kappa
from pipeline_tasks.label_quality.votes import Integers, VoteArrays


@dataclass(frozen=True)
class NameAgreement:
    """Agreement on one name against all others."""

    name: str
    alpha: Alpha
    fleiss: float | None


@dataclass(frozen=True)
class PersonAgreement:
    """One person beside all others, on the images that they share."""

    pairs: int
    """Pairs of this person's vote with another's."""
    cohen: float | None
    """Kappa over these pairs, as if the others were one person."""


@dataclass(frozen=True)
class BeyondChance:
    """Krippendorff's alpha, Fleiss' and Cohen's kappa; None where they are not defined."""

    alpha: Alpha
    fleiss: float | None
    by_name: tuple[NameAgreement, ...]
    by_pair: Mapping[tuple[str, str], float | None]
    """Two annotators, in the order of their ids → Cohen's kappa on the images of both."""
    by_person: Mapping[str, PersonAgreement]


def beyond_chance(votes: VoteArrays, annotator_ids: Sequence[str], names: Sequence[str]) -> BeyondChance:
    """All of them for one set of votes, at most one a person and image."""
    counts = votes.counts
    total = counts.sum(axis=1)
    alphas = zip(names, alpha_by_name(counts), counts.T, strict=True)
    said = _by_person(votes)
    shared = {
        (one, other): both
        for one, other in combinations(range(len(annotator_ids)), 2)
        if (both := (said[one] >= 0) & (said[other] >= 0)).any()
    }
    return BeyondChance(
        alpha_with_interval(counts),
        fleiss_kappa(counts),
        tuple(NameAgreement(name, found, fleiss_kappa(np.stack([of, total - of], axis=1))) for name, found, of in alphas),
        {
            (annotator_ids[one], annotator_ids[other]): cohens_kappa(said[one][both], said[other][both])
            for (one, other), both in shared.items()
        },
        {annotator_ids[one]: _beside_others(one, said) for one in sorted({person for pair in shared for person in pair})},
    )


def _by_person(votes: VoteArrays) -> Integers:
    """Name by person and image, -1 where there is none."""
    said = np.full((votes.people_count, votes.image_count), -1, np.int64)
    said[votes.people, votes.images] = votes.names
    return said


def _beside_others(person: int, said: Integers) -> PersonAgreement:
    mine = np.broadcast_to(said[person], said.shape)
    others = np.arange(len(said)) != person
    both = (mine >= 0) & (said >= 0) & others[:, None]
    return PersonAgreement(int(both.sum()), cohens_kappa(mine[both], said[both]))
