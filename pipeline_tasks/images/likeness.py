"""Similarity of two images by embedding, for varied projects and for narrow ones whose images all look alike.

In a narrow project (one machine, one material) any two images have a cosine of 0.9. Subtracting the mean embedding leaves what
distinguishes images: on tile surfaces the median cosine to other tiles then falls from 0.83 to 0.0, views of one tile stay at
0.9, and photographs of everyday things change little. So a link needs both cosines, or one that is certain by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import CosinePairs, Floats, Integers, nearest, pairs_above, unit_rows
from pipeline_tasks.settings import DuplicateSettings

FEWEST_FOR_A_MEAN = 16
"""With fewer images the mean says nothing about the project, and only the plain cosine counts."""


CANDIDATE_COSINE = 0.5
"""Centred cosine from which two images are worth a comparison: turned and mirrored copies have 0.4 and more."""


@dataclass(frozen=True)
class Candidates:
    """Pairs of a query and a base image, by their places in the lists that were given."""

    query: Integers
    base: Integers
    cosine: Floats
    centred: Floats


@dataclass(frozen=True)
class Likeness:
    """Plain and centred embeddings of all images, with the limits above which two are alike."""

    units: Floats
    """N x D, rows of length 1."""
    centred_units: Floats
    """The same with the mean subtracted."""
    settings: DuplicateSettings

    def cosine(self, one: int, other: int) -> float:
        """The plain cosine."""
        return float(self.units[one] @ self.units[other])

    def closeness(self, one: int, other: int) -> float:
        """The centred cosine, used to pick the closest of several images."""
        return float(self.centred_units[one] @ self.centred_units[other])

    def is_near(self, one: int, other: int) -> bool:
        """Return True if a link by hash is confirmed by the embeddings; flat images share hashes."""
        if one == other:
            return True
        plain = self.cosine(one, other)
        centred = self.closeness(one, other)
        if plain >= self.settings.certain_cosine:
            return True
        return plain >= self.settings.min_hash_cosine and centred >= self.settings.min_centred_hash_cosine

    def are_near(self, ones: Integers, others: Integers) -> npt.NDArray[np.bool_]:
        """`is_near` of many pairs."""
        plain, centred = _cosines(self.units, ones, others), _cosines(self.centred_units, ones, others)
        is_near = (plain >= self.settings.min_hash_cosine) & (centred >= self.settings.min_centred_hash_cosine)
        return is_near | (plain >= self.settings.certain_cosine)

    def is_alike(self, one: int, other: int) -> bool:
        """Return True if two images show the same thing by embedding alone."""
        plain = self.cosine(one, other)
        alike = plain >= self.settings.min_embedding_cosine and self.closeness(one, other) >= self.settings.min_centred_cosine
        return alike or plain >= self.settings.certain_cosine

    def candidates(self, queries: Integers, base: Integers, count: int) -> Candidates:
        """The base images nearest to each query image that are near enough to be compared, up to `count` by either cosine."""
        centred = nearest(self.centred_units[queries], self.centred_units[base], count)
        plain = nearest(self.units[queries], self.units[base], count)
        return self._near_enough(queries, base, centred, plain)

    def earlier_candidates(self, block: Integers, count: int) -> Candidates:
        """The same among a block's own images, for each those before it."""
        return self._near_enough(
            block, block, *(_nearest_before(units[block], count) for units in (self.centred_units, self.units))
        )

    def _near_enough(
        self, queries: Integers, base: Integers, centred: tuple[Integers, Floats], plain: tuple[Integers, Floats]
    ) -> Candidates:
        """Pairs above one of the limits, each once."""
        pairs = set()
        for (numbers, cosines), limit in ((centred, CANDIDATE_COSINE), (plain, self.settings.certain_cosine)):
            rows, places = np.nonzero(cosines >= limit)
            pairs |= set(zip(rows.tolist(), numbers[rows, places].tolist(), strict=True))
        rows, columns = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
        ones, others = queries[rows], base[columns]
        return Candidates(rows, columns, _cosines(self.units, ones, others), _cosines(self.centred_units, ones, others))

    def pairs(self, queries: Integers, base: Integers) -> CosinePairs:
        """Pairs of query and base images that show the same thing by embedding alone, with the plain cosine."""
        certain = pairs_above(self.units[queries], self.units[base], self.settings.certain_cosine)
        centred = pairs_above(self.centred_units[queries], self.centred_units[base], self.settings.min_centred_cosine)
        plain = _cosines(self.units, queries[centred.query], base[centred.base])
        is_one = (plain >= self.settings.min_embedding_cosine) & (plain < self.settings.certain_cosine)
        return CosinePairs(
            np.concatenate([certain.query, centred.query[is_one]]),
            np.concatenate([certain.base, centred.base[is_one]]),
            np.concatenate([certain.cosine, plain[is_one]]),
        )


def likeness_of(vectors: Floats, is_searchable: npt.NDArray[np.bool_], settings: DuplicateSettings) -> Likeness:
    """Likeness of all images; the mean is that of the searchable rows of `vectors` (N x D)."""
    return likeness_around(vectors, mean_of(vectors, is_searchable), settings)


def mean_of(vectors: Floats, is_searchable: npt.NDArray[np.bool_]) -> Floats | None:
    """Mean of the searchable rows (D); None if there are too few."""
    if is_searchable.sum() < FEWEST_FOR_A_MEAN:
        return None
    mean: Floats = vectors.mean(axis=0, dtype=np.float64, where=is_searchable[:, None]).astype(np.float32)
    return mean


def likeness_around(vectors: Floats, mean: Floats | None, settings: DuplicateSettings) -> Likeness:
    """Likeness with this mean subtracted; with None only the plain cosine counts."""
    units = unit_rows(vectors)
    return Likeness(units, units if mean is None else unit_rows(vectors - mean), settings)


def _nearest_before(units: Floats, count: int) -> tuple[Integers, Floats]:
    """Of each row the nearest rows before it, and their cosines."""
    cosines = units @ units.T
    cosines[np.triu_indices(len(units))] = -1
    numbers = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return numbers, np.take_along_axis(cosines, numbers, axis=1)


def _cosines(units: Floats, ones: Integers, others: Integers) -> Floats:
    """Cosines of many pairs of rows of length 1, in blocks."""
    found = np.empty(len(ones), np.float32)
    for first in range(0, len(ones), 4096):
        rows = slice(first, first + 4096)
        found[rows] = np.einsum("nd,nd->n", units[ones[rows]], units[others[rows]])
    return found
