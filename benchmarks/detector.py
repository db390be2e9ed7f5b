"""The default detector on a folder of boxes: AP by COCO's own tool, parity of the exported file, and its speed.

    python -m benchmarks.detector FOLDER [--sizes 50 all] [--seeds 5]

Splits and training are those of `benchmarks.map_heads`. The trivial baseline tells the mean box of each class everywhere.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.known_folders import KnownSet, read_known
from benchmarks.map_heads import MapBench, Trained, cost
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.box_kind import BoxKind

Found = dict[int, tuple[Box, ...]]


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/cells"))
    parser.add_argument("--sizes", nargs="+", default=["50", "all"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-map-heads")
    given = parser.parse_args(words)
    told = read_known(given.folder, "box")
    bench = MapBench(told.images, BoxKind(told.class_names), given.cache)
    for size in given.sizes:
        trained = [_run(bench, told, size, seed) for seed in range(given.seeds)]
        rows = np.array([row for row, _ in trained])
        print(f"{size:>5} median: {_figures(np.median(rows, axis=0))}")
        spread = "–".join(f"{one:.3f}" for one in (rows[:, 0].min(), rows[:, 0].max()))
        half = "–".join(f"{one:.3f}" for one in (rows[:, 1].min(), rows[:, 1].max()))
        print(f"{size:>5} range: AP {spread}, AP50 {half}; {cost([one for _, one in trained])}", flush=True)


def _run(bench: MapBench, told: KnownSet, size: str, seed: int) -> tuple[list[float], Trained]:
    sides = bench.sides(size, seed)
    trained = bench.train(sides, seed)
    found, milliseconds = bench.found(trained.model, sides.test)
    mean = _mean_boxes(told, sides.train)
    row = [*precision(told, sides.test, found), *precision(told, sides.test, dict.fromkeys(sides.test, mean)), milliseconds]
    print(f"{size:>5} seed {seed}: {_figures(row)}; best epoch {trained.fitted.best_epoch + 1}", flush=True)
    return row, trained


def _figures(row: Sequence[float]) -> str:
    at_all, at_half, base, base_half, milliseconds = row
    return (
        f"AP {at_all:.3f}, AP50 {at_half:.3f} (mean boxes {base:.3f}, {base_half:.3f}); {milliseconds:.0f} ms an image on one core"
    )


def _mean_boxes(told: KnownSet, train: list[int]) -> tuple[Box, ...]:
    corners = np.concatenate([told.images[at].objects.corners for at in train])
    numbers = np.concatenate([told.images[at].objects.class_numbers for at in train])
    shown = [number for number in range(len(told.class_names)) if (numbers == number).any()]
    means = [(told.class_names[number], corners[numbers == number].mean(axis=0)) for number in shown]
    return tuple(Box(name, one[0], one[1], one[2] - one[0], one[3] - one[1], confidence=1.0) for name, one in means)


def precision(told: KnownSet, numbers: list[int], found: Found) -> list[float]:
    """AP and AP50 by pycocotools."""
    names = {name: number for number, name in enumerate(told.class_names)}
    truths = []
    for at in numbers:
        boxes = told.images[at].objects
        for box, number in zip(boxes.corners, boxes.class_numbers, strict=True):
            width, height = (box[2:] - box[:2]).tolist()
            row = {"image_id": at, "category_id": int(number), "bbox": [box[0], box[1], width, height], "area": width * height}
            truths.append(row)
    rows = [
        [at, box.x_min_px, box.y_min_px, box.width_px, box.height_px, box.confidence or 0, names[box.class_name]]
        for at, boxes in found.items()
        for box in boxes
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": at} for at in numbers],
            "categories": [{"id": number} for number in names.values()],
            "annotations": [one | {"id": 1 + at, "iscrowd": 0} for at, one in enumerate(truths)],
        }
        truth.createIndex()
        judged = COCOeval(truth, truth.loadRes(np.array(rows)), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return [float(judged.stats[0]), float(judged.stats[1])]


if __name__ == "__main__":
    main()
