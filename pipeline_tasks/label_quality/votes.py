"""Votes as arrays: one row for each person's choice of one name for one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class VoteArrays:
    """N votes on images, by people, for names, each numbered from 0; in order of image, person and name.

    `in_order` makes them: sums then do not depend on the order in which votes came.
    """

    images: Integers
    people: Integers
    names: Integers
    image_count: int
    people_count: int
    name_count: int

    @property
    def counts(self) -> Integers:
        """Votes for each name, images x names."""
        pairs = np.bincount(self.images * self.name_count + self.names, minlength=self.image_count * self.name_count)
        return pairs.reshape(self.image_count, self.name_count).astype(np.int64)

    def only(self, rows: Booleans) -> VoteArrays:
        """Some of the votes; images, people and names keep their numbers."""
        return VoteArrays(self.images[rows], self.people[rows], self.names[rows], *self._counts)

    def sums(self, weights: Floats) -> Floats:
        """Add up weights (N x K) by image: images x K."""
        columns = [np.bincount(self.images, one, self.image_count) for one in weights.T]
        return np.stack(columns, axis=1) if columns else np.zeros((self.image_count, 0))

    @property
    def _counts(self) -> tuple[int, int, int]:
        return self.image_count, self.people_count, self.name_count


def in_order(
    images: npt.ArrayLike, people: npt.ArrayLike, names: npt.ArrayLike, *, image_count: int, people_count: int, name_count: int
) -> VoteArrays:
    """Votes from three columns of numbers in any order."""
    columns = [np.asarray(one, np.int64).reshape(-1) for one in (images, people, names)]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    return VoteArrays(columns[0][order], columns[1][order], columns[2][order], image_count, people_count, name_count)
