"""Slices of real images: one device of eight has a colour cast, and a trained head is asked about what it saw.

The head is a converged logistic regression on the default backbone's embeddings, as the night's own head is of few labels. Half of
the groups trains it, without any cast; the other half is the test, 4 % of whose groups are of the device `cam-3`. Its images are
seen through gains of red, green and blue. Devices are drawn, so a claim about another device is false for certain. Brightness,
sharpness and clusters are real and may hold a true slice; in the worlds called shuffled, whole groups take over those of others, so
that every claim is false.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.known_folders import groups_of_files
from benchmarks.label_rounds import fit_head, scaled
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.evaluation.found_slices.clusters import cluster
from pipeline_tasks.evaluation.found_slices.finding import FoundSlice, Search, find_slices
from pipeline_tasks.evaluation.found_slices.sought import by_bounds, by_clusters, by_values
from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.settings import BackboneSettings

CASTS = {"strong": (1.0, 0.45, 0.1), "dim blue": (0.05, 0.1, 0.4)}
"""Gains of red, green and blue."""
MEASURES = ("luma_mean", "luma_contrast", "sharpness", "entropy_bits")
DEVICES, PLANTED, SHARE = 8, 3, 0.04
AT_ONCE = 64


@dataclass(frozen=True)
class Seen:
    """A set, each image as it is and through a cast."""

    features: np.ndarray
    """2N x D, those through the cast behind the others."""
    numbers: np.ndarray
    groups: np.ndarray
    measures: np.ndarray
    """2N x measures."""


@dataclass(frozen=True)
class Test:
    """One world: rows of `features` that are asked about, and the device of each."""

    rows: np.ndarray
    device: np.ndarray
    groups: np.ndarray
    scores: np.ndarray


def tell_real(names: Sequence[str], worlds: int, search: Search) -> None:
    """Print one line a set and cast."""
    for name in names:
        for cast in CASTS:
            seen = _seen(name, cast)
            found, inside, outside = 0, [], []
            for seed in range(worlds):
                test = _world(seen, seed, is_planted=True)
                claims = find_slices(test.scores, test.groups, _sought(seen, test, seed), search)
                found += any("device cam-3" in (one.slice.words, *one.also) for one in claims)
                is_planted = test.device == PLANTED
                inside.append(test.scores[is_planted].mean())
                outside.append(test.scores[~is_planted].mean())
            said = f"{len(test.scores)} test images, {int(is_planted.sum())} of them of cam-3"
            said += f"; accuracy there {100 * np.mean(inside):.0f} %, elsewhere {100 * np.mean(outside):.0f} %"
            print(f"{name}, {cast} cast: {said}; found {_share(found, worlds)}", flush=True)
        false_device, claimed, shuffled = _nulls(seen, worlds, search)
        print(
            f"{name}, no cast: a device is claimed {_share(false_device, worlds)}, anything {_share(claimed, worlds)}; "
            f"shuffled, anything {_share(shuffled, worlds)}",
            flush=True,
        )


def _nulls(seen: Seen, worlds: int, search: Search) -> tuple[int, int, int]:
    devices, anything, shuffled = 0, 0, 0
    for seed in range(worlds):
        test = _world(seen, seed, is_planted=False)
        claims = find_slices(test.scores, test.groups, _sought(seen, test, seed), search)
        devices += any(_is_about_device(one) for one in claims)
        anything += bool(claims)
        others = _shuffled(test.groups, seed)
        sought = [replace(one, is_member=one.is_member[others]) for one in _sought(seen, test, seed)]
        shuffled += bool(find_slices(test.scores, test.groups, sought, search))
    return devices, anything, shuffled


def _is_about_device(one: FoundSlice) -> bool:
    return any(words.startswith("device") for words in (one.slice.words, *one.also))


def _shuffled(groups: np.ndarray, seed: int) -> np.ndarray:
    """Row whose slices each row takes over: whole groups take over those of others, in turn if these have fewer images."""
    generator = np.random.default_rng([seed, 9])
    rows = [np.flatnonzero(groups == one) for one in range(int(groups.max()) + 1)]
    order = np.empty(len(groups), np.int64)
    for into, number in zip(rows, generator.permutation(len(rows)), strict=True):
        order[into] = np.resize(rows[number], len(into))
    return order


def _world(seen: Seen, seed: int, *, is_planted: bool) -> Test:
    """Split by groups, train, and ask."""
    generator, count = np.random.default_rng([seed, 4]), len(seen.numbers)
    names = generator.permutation(int(seen.groups.max()) + 1)
    is_test = np.isin(seen.groups, names[: len(names) // 2])
    train, rows = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    groups = np.unique(seen.groups[rows], return_inverse=True)[1]
    devices = generator.choice([one for one in range(DEVICES) if one != PLANTED], int(groups.max()) + 1)
    devices[generator.permutation(len(devices))[: round(SHARE * len(devices))]] = PLANTED
    device = devices[groups]
    asked = rows + count * ((device == PLANTED) & is_planted)
    beliefs = fit_head(seen.features, train, seen.numbers[train], int(seen.numbers.max()) + 1, asked)
    return Test(asked, device, groups, (beliefs.argmax(axis=1) == seen.numbers[rows]).astype(np.float64))


def _sought(seen: Seen, test: Test, seed: int) -> list[Any]:
    frame = pl.DataFrame({"device": [f"cam-{one}" for one in test.device]})
    frame = frame.with_columns(**{name: seen.measures[test.rows, at] for at, name in enumerate(MEASURES)})
    vectors = seen.features[test.rows].astype(np.float64)
    some = [one for count in (8, 24) for one in by_clusters(cluster(vectors, count, seed))]
    return [*by_values(frame, {"device": "device"}), *by_bounds(frame, {one: one for one in MEASURES}), *some]


def _seen(name: str, cast: str) -> Seen:
    """Read, measure and embed both; what was made once is kept in the folder for temporary files."""
    folder = Path(os.environ["NIGHTLENS_DATA"]) / name
    folder = folder / "images" if (folder / "images").is_dir() else folder
    files = sorted(one for one in folder.glob("*/*") if one.is_file())
    wanted = f"{name} {CASTS[cast]} " + " ".join(f"{one.name}{one.stat().st_size}" for one in files)
    kept = Path(tempfile.gettempdir()) / f"nightlens-slices-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}.npz"
    if not kept.exists():
        _make(files, CASTS[cast], kept)
    stored = np.load(kept)
    return Seen(scaled(stored["features"]), stored["numbers"], stored["groups"], stored["measures"])


def _make(files: Sequence[Path], gains: tuple[float, float, float], kept: Path) -> None:
    backbone = open_backbone(BackboneSettings(), Path(tempfile.gettempdir()) / "nightlens-slices-backbone")
    plain, through, used, measures = [], [], [], []
    for path in files:
        try:
            pixels = decode(path.read_bytes(), Limits()).pixels
        except RejectedFileError as error:
            print(f"left out {path}: {error}")
            continue
        cast = np.clip(pixels * np.array(gains), 0, 255).astype(np.uint8)
        used.append(path)
        plain.append(model_image(pixels, BackboneSettings().side_px))
        through.append(model_image(cast, BackboneSettings().side_px))
        measures.append([[float(value) for value in measure(one, MEASURES).values()] for one in (pixels, cast)])
    images = np.stack(plain + through)
    vectors = np.concatenate([backbone.embed(images[at : at + AT_ONCE]) for at in range(0, len(images), AT_ONCE)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    both = np.array(measures).transpose(1, 0, 2).reshape(len(images), len(MEASURES))
    groups = np.unique([groups_of_files(used)[path] for path in used], return_inverse=True)[1]
    numbers = np.unique([path.parent.name for path in used], return_inverse=True)[1]
    np.savez(kept, features=vectors, numbers=numbers, groups=groups, measures=both)


def _share(count: int, worlds: int) -> str:
    low, high = wilson(count / worlds, worlds, 0.95)
    return f"{100 * count / worlds:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
