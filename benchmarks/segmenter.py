"""The default segmenter on a folder of masks: mean IoU by pixels, parity of the file, and its speed.

    python -m benchmarks.segmenter FOLDER [--sizes 50 all] [--seeds 5] [--split groups|images]

Splits and training are those of `benchmarks.map_heads`. `--split groups` keeps all exposures of one tile on one side, as the
product's split groups do; `--split images` draws single images, so that the test images of a tile have their like in training.
The trivial baseline finds nothing anywhere.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.known_folders import KnownImage, read_known
from benchmarks.map_heads import MapBench, Trained, cost
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.mask_kind import MaskKind

Pairs = np.ndarray
"""Pixels by their true number (0: nothing) and the number that was found."""


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/tiles"))
    parser.add_argument("--sizes", nargs="+", default=["50", "all"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--split", choices=["groups", "images"], default="groups")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-map-heads")
    given = parser.parse_args(words)
    told = read_known(given.folder, "mask")
    names, images = told.class_names, told.images
    if given.split == "images":
        images = tuple(replace(one, group=str(one.path)) for one in images)
    bench = MapBench(images, MaskKind(names), given.cache)
    for size in given.sizes:
        trained = [_run(bench, names, size, seed) for seed in range(given.seeds)]
        rows = np.array([row for row, _ in trained])
        print(f"{size:>5} median: {_figures(np.median(rows, axis=0))}")
        print(
            f"{size:>5} range: mean IoU {rows[:, 0].min():.3f}–{rows[:, 0].max():.3f}; {cost([one for _, one in trained])}",
            flush=True,
        )


def _run(bench: MapBench, names: Sequence[str], size: str, seed: int) -> tuple[list[float], Trained]:
    sides = bench.sides(size, seed)
    trained = bench.train(sides, seed)
    found, milliseconds = bench.found(trained.model, sides.test)
    counted = {at: pairs(bench.images[at], masks, names) for at, masks in found.items()}
    together = sum(counted.values())
    nothing = np.zeros_like(together)
    nothing[:, 0] = together.sum(axis=1)
    row = [mean_iou(together), defect_iou(together), mean_iou(nothing), milliseconds]
    by_class = ", ".join(f"{name} {one:.2f}" for name, one in zip(("nothing", *names), ious(together), strict=True))
    print(f"{size:>5} seed {seed}: {_figures(row)}; {by_class}; best epoch {trained.fitted.best_epoch + 1}", flush=True)
    return row, trained


def _figures(row: Sequence[float]) -> str:
    miou, defect, base, milliseconds = row
    return (
        f"mean IoU {miou:.3f}, any defect {defect:.3f} (nothing anywhere {base:.3f}, 0); {milliseconds:.0f} ms an image on one core"
    )


def pairs(image: KnownImage, masks: Sequence[Mask], names: Sequence[str]) -> Pairs:
    """Count the pixels of one image."""
    truth = _numbers(image, image.objects.by_class)
    said = _numbers(image, {names.index(one.class_name): one.rle for one in masks})
    side = 1 + len(names)
    return np.bincount((truth * side + said).ravel(), minlength=side * side).reshape(side, side)


def ious(counts: Pairs) -> np.ndarray:
    """Intersection over union of nothing and of each class; NaN for a class without true pixels."""
    both, true, said = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    return np.where(true > 0, both / np.maximum(true + said - both, 1), np.nan)


def mean_iou(counts: Pairs) -> float:
    """Mean over nothing and the classes that are there."""
    return float(np.nanmean(ious(counts)))


def defect_iou(counts: Pairs) -> float:
    """Intersection over union of pixels with any class."""
    both = counts[1:, 1:].sum()
    return float(both / max(counts.sum() - counts[0, 0], 1))


def _numbers(image: KnownImage, by_class: Mapping[int, str]) -> np.ndarray:
    found = np.zeros(image.size_px[::-1], np.int64)
    for number, rle in by_class.items():
        found[decode(rle, image.size_px)] = 1 + number
    return found


if __name__ == "__main__":
    main()
