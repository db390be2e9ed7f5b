"""Nights with and without drift, made of real images: references and productions for `benchmarks.drift`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.drift_images import PROPERTIES, ImageSet, Version
from benchmarks.label_rounds import fit_head
from pipeline_tasks.drift.sample import Sample

NIGHT_IMAGES, LARGE_NIGHT, FOLDS = 200, 500, 5
NOISE, BLUR = ("gaussian noise", 2), ("defocus blur", 2)


@dataclass(frozen=True)
class Trial:
    """A reference and a night."""

    reference: Sample
    production: Sample


class World:
    """One set, or several as one (`photos+tiles`), with predictions of its images by heads that have not seen them."""

    def __init__(self, name: str, cache: Path) -> None:
        self.name, self.sets = name, [ImageSet(one, cache) for one in name.split("+")]
        firsts = np.cumsum([0, *(int(one.groups.max()) + 1 for one in self.sets)])
        self.groups = np.concatenate([one.groups + first for one, first in zip(self.sets, firsts, strict=False)])
        names = np.concatenate([one.class_names[one.numbers] for one in self.sets])
        self.class_names, self.numbers = np.unique(names, return_inverse=True)
        self.plain = self.version()
        self._centre = self.plain.embeddings.mean(axis=0)
        self._scale = (self.plain.embeddings - self._centre).std()

    def version(self, corruption: str = "", strength: int = 0) -> Version:
        """All images through a corruption, or as they are."""
        found = [one.version(corruption, strength) for one in self.sets]
        return Version(np.concatenate([one.embeddings for one in found]), np.concatenate([one.properties for one in found]))

    def scaled(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings as a head takes them."""
        return (embeddings - self._centre) / self._scale

    def beliefs(self, version: Version, without: int | None = None) -> np.ndarray:
        """Belief in each class (N x C) of all images, by heads that do not know the class `without`."""
        found = np.zeros((len(self.numbers), len(self.class_names)))
        both = np.concatenate([self.scaled(self.plain.embeddings), self.scaled(version.embeddings)])
        folds = np.random.default_rng(0).permutation(int(self.groups.max()) + 1)[self.groups] % FOLDS
        for fold in range(FOLDS):
            rows, held_out = np.flatnonzero((folds != fold) & (self.numbers != without)), np.flatnonzero(folds == fold)
            known, targets = np.unique(self.numbers[rows], return_inverse=True)
            found[np.ix_(held_out, known)] = fit_head(both, rows, targets, len(known), len(self.numbers) + held_out)
        return found

    def sample(self, rows: np.ndarray, version: Version, beliefs: np.ndarray, *, has_clips: bool = True) -> Sample:
        """Images in this version; views of one tile as one clip, or each image on its own."""
        known = [(at, str(one)) for at, one in enumerate(self.class_names) if beliefs[:, at].any()]
        return Sample(
            rows.astype(str),
            {name: version.properties[rows, at] for at, name in enumerate(PROPERTIES)},
            version.embeddings[rows],
            {**{name: beliefs[rows, at] for at, name in known}, "confidence": beliefs[rows].max(axis=1)},
            clips=self.groups[rows].astype(str) if has_clips else None,
        )


def without_drift(world: World, beliefs: np.ndarray, seed: int) -> Trial:
    """A night of whole groups, about 200 images; all others are the reference."""
    rows = _in_order(world, seed)
    return Trial(*(world.sample(one, world.plain, beliefs) for one in _cut(world, rows, NIGHT_IMAGES)))


def corrupted_half(world: World, version: Version, beliefs: tuple[np.ndarray, np.ndarray], seed: int) -> Trial:
    """The same, every second image of the night in this version; beliefs of images as they are, and in this version."""
    reference, night = _cut(world, _in_order(world, seed), NIGHT_IMAGES)
    half = np.zeros((len(world.numbers), 1), bool)
    half[night[::2]] = True
    plain = world.plain
    mixed = Version(
        *(np.where(half, *both) for both in ((version.embeddings, plain.embeddings), (version.properties, plain.properties)))
    )
    beliefs_now = np.where(half, beliefs[1], beliefs[0])
    return Trial(*(world.sample(one, mixed, beliefs_now) for one in (reference, night)))


def of_shares(world: World, number: int, share: float, count: int, beliefs: np.ndarray, seed: int) -> Trial:
    """A night of 500 images with so many of a class; the reference has this share of it, and of the others up to 1,000.

    Images are drawn one by one, whatever their group: all views of a tile in one night would be few independent images.
    """
    rows = np.random.default_rng(seed).permutation(len(world.numbers))
    of_class, others = rows[world.numbers[rows] == number], rows[world.numbers[rows] != number]
    left = others[LARGE_NIGHT - count :][:1000]
    reference = np.concatenate([left, of_class[count : count + round(len(left) * share / (1 - share))]])
    night = np.concatenate([others[: LARGE_NIGHT - count], of_class[:count]])
    return Trial(*(world.sample(one, world.plain, beliefs, has_clips=False) for one in (reference, night)))


def drawn_night(world: World, beliefs: np.ndarray, count: int, seed: Sequence[int]) -> Sample:
    """Images drawn with replacement, each on its own."""
    rows = np.random.default_rng(seed).integers(0, len(world.numbers), count)
    return world.sample(rows, world.plain, beliefs, has_clips=False)


def drifted(world: World, repeats: int) -> dict[str, tuple[float, Callable[[], list[Trial]]]]:
    """Words for a kind of drift → wanted power, and nights that have it."""
    seeds, names, counts = range(repeats), world.class_names, np.bincount(world.numbers)

    def corrupted(sort: tuple[str, int]) -> list[Trial]:
        version = world.version(*sort)
        beliefs = world.beliefs(world.plain), world.beliefs(version)
        return [corrupted_half(world, version, beliefs, seed) for seed in seeds]

    def shifted(number: int, share: float, count: int) -> list[Trial]:
        beliefs = world.beliefs(world.plain, without=None if share else number)
        return [of_shares(world, number, share, count, beliefs, seed) for seed in seeds]

    found: dict[str, tuple[float, Callable[[], list[Trial]]]] = {}
    for sort in (NOISE, BLUR) if len(world.sets) == 1 else ():
        found[f"{sort[0]} on half of {NIGHT_IMAGES}"] = (0.8, lambda sort=sort: corrupted(sort))
    for number, name in enumerate(names) if len(counts) > 2 else ():
        rest = len(world.numbers) - counts[number] - LARGE_NIGHT
        if counts[number] >= 50 and rest > 200:
            found[f"new class {name}, 10 % of {LARGE_NIGHT}"] = (0.8, lambda number=number: shifted(number, 0.0, 50))
        if 60 + 0.042 * min(rest, 1000) <= counts[number] and rest > 200:
            found[f"class {name} x 3, 4 to 12 % of {LARGE_NIGHT}"] = (0.9, lambda number=number: shifted(number, 0.04, 60))
    return found


def _in_order(world: World, seed: int) -> np.ndarray:
    """Rows in a drawn order, those of one group behind each other."""
    order = np.random.default_rng(seed).permutation(int(world.groups.max()) + 1)
    return np.argsort(order[world.groups], kind="stable")


def _cut(world: World, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The rest, and the first rows, whole groups, at least so many."""
    ends = np.flatnonzero(np.diff(world.groups[rows])) + 1
    end = int(ends[np.searchsorted(ends, count)])
    return rows[end:], rows[:end]
