"""Automatic slices: how often a planted one is found, and how often one is claimed where there is none.

    python -m benchmarks.slices                       drawn worlds
    python -m benchmarks.slices --real tiles photos   real images of NIGHTLENS_DATA through a trained head (minutes)

A drawn world is a test set of images in groups of one or three, seen by twelve devices of uneven shares at three sites, with six
measures (a device shifts some of them) and embeddings of nine heaps. Scores are right or wrong (like accuracy) or between 0 and 1
(like an IoU), and images of one group err together. `in bursts`: every second device gives groups of six images, the
others single ones. In a world without a slice errors know nothing of all this; in a planted one the device `cam-3`, with 4 % of the
groups, errs more. A slice counts as found if one that is claimed, or one that is named with it, is that device. Wanted: found in at
least 9 of 10, and none claimed in at least 19 of 20. The peer looks at each slice by itself (Welch's t at the same level, images
for independent ones), with and without Holm's correction.

What was tuned, was tuned on drawn worlds of the seeds from 1,000,000 on (`--first-seed`) and on `photos`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.stats import ttest_ind

from benchmarks.real_slices import tell_real
from pipeline_tasks.evaluation.found_slices.clusters import cluster
from pipeline_tasks.evaluation.found_slices.finding import Search, find_slices
from pipeline_tasks.evaluation.found_slices.sought import Sought, by_bounds, by_clusters, by_values
from pipeline_tasks.intervals.proportions import wilson

PLANTED, SHARE = "cam-3", 0.04
DEVICES, SITES, HEAPS, WIDTH = 12, 3, 9, 64
MEASURES = ("luma_mean", "luma_contrast", "sharpness", "entropy_bits", "aspect", "size_px")
FOUND_IN, NONE_IN = 0.9, 0.95
KINDS = ("right or wrong", "between 0 and 1", "in bursts")


@dataclass(frozen=True)
class World:
    """One test set with its scores."""

    scores: np.ndarray
    groups: np.ndarray
    sought: tuple[Sought, ...]


def main(words: Sequence[str] | None = None) -> None:
    """Print one line a setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 600, 1200])
    parser.add_argument("--falls", type=float, nargs="+", default=[0.2, 0.4, 0.6])
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--max-p", type=float, default=Search().max_p)
    parser.add_argument("--real", nargs="*", default=[])
    given = parser.parse_args(words)
    search = replace(Search(), max_p=given.max_p)
    if given.real:
        tell_real(given.real, given.worlds, search)
        return
    print(
        f"{given.worlds} worlds a line, claims at a corrected p of at most {search.max_p:g}; shares with 95 % intervals", flush=True
    )
    for size in given.sizes:
        for kind in KINDS:
            _tell_null(size, kind, given.worlds, given.first_seed, search)
        for fall in given.falls:
            _tell_planted(size, fall, given.worlds, given.first_seed, search)


def _tell_null(size: int, kind: str, worlds: int, first: int, search: Search) -> None:
    began, claimed, naive, holm = time.process_time(), 0, 0, 0
    for seed in range(first, first + worlds):
        world = drawn_world(size, 0.0, seed, kind)
        claimed += bool(find_slices(world.scores, world.groups, world.sought, search))
        p = _peer(world, search)
        naive, holm = naive + (min(p) <= search.max_p), holm + (min(p) * len(p) <= search.max_p)
    used = (time.process_time() - began) / worlds
    print(
        f"{size} images, {kind}, no slice: none claimed {_share(worlds - claimed, worlds, NONE_IN)}; by the peer "
        f"{_share(worlds - naive, worlds)}; with Holm {_share(worlds - holm, worlds)}; {used:.2f} s of processor a world",
        flush=True,
    )


def _tell_planted(size: int, fall: float, worlds: int, first: int, search: Search) -> None:
    found, holm = 0, 0
    for seed in range(first, first + worlds):
        world = drawn_world(size, fall, seed, "right or wrong")
        found += is_found(find_slices(world.scores, world.groups, world.sought, search))
        p = dict(zip([one.words for one in _large(world, search)], _peer(world, search), strict=True))
        holm += p.get(f"device {PLANTED}", 1) * len(p) <= search.max_p
    print(
        f"{size} images, {PLANTED} ({100 * SHARE:g} %) {100 * fall:g} points worse: found {_share(found, worlds, FOUND_IN)}; "
        f"Holm {_share(holm, worlds)}",
        flush=True,
    )


def is_found(claims: Sequence[object]) -> bool:
    """Return True if the planted device is among the claims, or is named with one."""
    words = f"device {PLANTED}"
    return any(words in (one.slice.words, *one.also) for one in claims)  # type: ignore[attr-defined]


def drawn_world(size: int, fall: float, seed: int, kind: str) -> World:
    """Draw one world; the planted device is there in each."""
    generator = np.random.default_rng([seed, size])
    sizes = generator.choice([1, 3], size, p=[0.8, 0.2])
    device_of = _devices(size, generator)
    if kind == "in bursts":
        sizes = np.where(device_of % 2, 1, 6)
    groups = np.repeat(np.arange(size), sizes)[:size]
    count = int(groups.max()) + 1
    device = device_of[groups]
    heap = generator.integers(HEAPS, size=count)[groups]
    frame = pl.DataFrame({"device": [f"cam-{one}" for one in device], "site": [f"hall {one % SITES}" for one in device]})
    frame = frame.with_columns(**_measures(device, groups, generator))
    vectors = 3 * generator.normal(size=(HEAPS, WIDTH))[heap] + generator.normal(size=(size, WIDTH)) * 1.5
    vectors += (device == 3)[:, None] * generator.normal(size=WIDTH)
    clusters = [*by_clusters(cluster(vectors, 8, seed)), *by_clusters(cluster(vectors, 24, seed))]
    texts, numbers = {"device": "device", "site": "site"}, {one: one for one in MEASURES}
    sought = (*by_values(frame, texts), *by_bounds(frame, numbers), *clusters)
    return World(_scores(device, groups, fall, kind, generator), groups, sought)


def _devices(count: int, generator: np.random.Generator) -> np.ndarray:
    """Device of each group: `cam-3` has its share of them, evenly spread, the others uneven ones."""
    others = np.array([one for one in range(DEVICES) if one != 3])
    found = generator.choice(others, count, p=generator.dirichlet(np.full(len(others), 3.0)))
    every = round(1 / SHARE)
    found[generator.integers(every) :: every] = 3
    return found


def _measures(device: np.ndarray, groups: np.ndarray, generator: np.random.Generator) -> dict[str, np.ndarray]:
    shifts = generator.normal(size=(len(MEASURES), DEVICES))
    of_group = generator.normal(size=(len(MEASURES), int(groups.max()) + 1))
    return {
        name: shift[device] + each[groups] + 0.3 * generator.normal(size=len(groups))
        for name, shift, each in zip(MEASURES, shifts, of_group, strict=True)
    }


def _scores(device: np.ndarray, groups: np.ndarray, fall: float, kind: str, generator: np.random.Generator) -> np.ndarray:
    """Nine in ten are right, of the planted device fewer; in four of five groups all images share their luck."""
    count = int(groups.max()) + 1
    luck = np.where(generator.random(count)[groups] < 0.8, generator.random(count)[groups], generator.random(len(groups)))
    if kind != "between 0 and 1":
        return (luck < 0.9 - fall * (device == 3)).astype(np.float64)
    return np.where(luck < 0.06, 0.0, luck**0.25) * (1 - fall * (device == 3))


def _large(world: World, search: Search) -> list[Sought]:
    count = len(np.unique(world.groups))
    inside = [len(np.unique(world.groups[one.is_member])) for one in world.sought]
    return [one for one, has in zip(world.sought, inside, strict=True) if min(has, count - has) >= search.min_groups]


def _peer(world: World, search: Search) -> list[float]:
    scores, found = world.scores, []
    for one in _large(world, search):
        inside, outside = scores[one.is_member], scores[~one.is_member]
        p = ttest_ind(inside, outside, equal_var=False, alternative="less").pvalue if inside.std() + outside.std() else 1.0
        found.append(1.0 if np.isnan(p) else float(p))
    return found


def _share(count: int, worlds: int, wanted: float | None = None) -> str:
    low, high = wilson(count / worlds, worlds, 0.95)
    said = f"{100 * count / worlds:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    if wanted is None:
        return said
    return (
        f"{said}, at least {100 * wanted:g} %: {'kept' if count / worlds >= wanted else 'missed'}, {count / worlds / wanted:.2f} ×"
    )


if __name__ == "__main__":
    main()
