"""Errors that are planted in boxes or masks of known sets, and how well they are found; beside cleanlab on the same predictions.

    python -m benchmarks.object_label_errors FOLDER                       boxes of a folder
    python -m benchmarks.object_label_errors FOLDER --kind mask           masks
    python -m benchmarks.object_label_errors FOLDER --cleanlab-python PYTHON

The default head is trained on three fifths of the images and predicts in the others, which it has not seen (a fifth of them chose
its epoch). In a tenth of these labels one object is taken away, added, given another name, or moved by half its side. Scores are of
whole labels: `ours` is the chance that anything in a label is wrong. cleanlab (2.9.0, Apache-2.0) scores boxes by ObjectLab in an
environment of your own that has it. Splits are those of `benchmarks.map_heads`.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.known_folders import KnownImage, read_known
from benchmarks.map_heads import MapBench
from pipeline_tasks.geometry.boxes import as_rows, ious
from pipeline_tasks.geometry.run_lengths import area, decode, encode, iou
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.compared_objects import Compared, Drawn, compared
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.kinds.masks.regions import by_class
from pipeline_tasks.kinds.sure_objects import USUAL_CONFIDENCE
from pipeline_tasks.label_errors.object_doubts import SUSPECT, image_doubts, object_doubts

RATE = 0.1
SORTS = ("missing", "extra", "swapped", "badly placed")
SIDE = Path(__file__).with_name("object_label_errors_side.py")
Objects = Sequence[Any]


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/cells"))
    parser.add_argument("--kind", choices=["box", "mask"], default="box")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--plantings", type=int, default=5, help="times that errors are planted anew for each trained head")
    parser.add_argument("--cleanlab-python", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-map-heads")
    given = parser.parse_args(words)
    told = read_known(given.folder, given.kind)
    kind = BoxKind(told.class_names) if given.kind == "box" else MaskKind(told.class_names)
    bench = MapBench(told.images, kind, given.cache)
    figures: dict[str, list[list[float]]] = {}
    for seed in range(given.seeds):
        sides = bench.sides("all", seed)
        found, _ = bench.found(bench.train(sides, seed).model, [*sides.val, *sides.test])
        for planting in range(given.plantings):
            for method, row in _scored(bench, found, told.class_names, [seed, planting], given.cleanlab_python).items():
                figures.setdefault(method, []).append(row)
        print(
            f"seed {seed}: " + "; ".join(f"{one} AUROC {np.mean(rows, axis=0)[0]:.3f}" for one, rows in figures.items()), flush=True
        )
    print(f"\n{given.kind}, {RATE:.0%} of {len(found)} unseen labels wrong, means of {len(figures['ours'])} plantings")
    for method, rows in figures.items():
        auroc, precision, share = np.mean(rows, axis=0)[:3]
        spread = np.std(rows, axis=0)[0]
        print(f"  {method:28} AUROC {auroc:.3f} ± {spread:.3f}, AP {precision:.3f}, found among as many {share:.3f}")
    suspects, right, seconds = np.mean(figures["ours"], axis=0)[3:]
    print(
        f"  suspects: in {suspects:.0f} labels, of which {right:.0%} are wrong; {1000 * seconds:.0f} ms of processor to judge all"
    )


def _scored(
    bench: MapBench, found: dict[int, tuple[Any, ...]], names: Sequence[str], seed: Sequence[int], cleanlab: Path | None
) -> dict[str, list[float]]:
    generator = np.random.default_rng(seed)
    wrong = set(generator.permutation(sorted(found))[: round(RATE * len(found))].tolist())
    labels = {at: _planted(bench.images[at], names, generator) if at in wrong else bench.images[at].labels for at in found}
    told = {at: [one for one in said if one.confidence is None or one.confidence >= USUAL_CONFIDENCE] for at, said in found.items()}
    began = time.process_time()
    images = [_compared(at, bench.images[at], labels[at], told[at]) for at in found]
    doubts, suspects = image_doubts(images), {one.image_id for one in object_doubts(images) if one.doubt >= SUSPECT}
    seconds = time.process_time() - began
    is_wrong = np.array([at in wrong for at in found])
    right = float(np.mean([int(one) in wrong for one in suspects])) if suspects else 0.0
    rows = {"ours": [*_figures(doubts, is_wrong), len(suspects), right, seconds]}
    if cleanlab is not None and isinstance(bench.kind, BoxKind):
        theirs = _of_cleanlab(cleanlab, [labels[at] for at in found], [found[at] for at in found], names)
        rows["cleanlab's ObjectLab"] = _figures(theirs, is_wrong)
    return rows


def _figures(doubts: npt.NDArray[np.floating], is_wrong: npt.NDArray[np.bool_]) -> list[float]:
    """AUROC, average precision, and the share of the errors among as many of the most doubted labels."""
    most = np.argsort(-doubts, kind="stable")[: int(is_wrong.sum())]
    return [roc_auc_score(is_wrong, doubts), average_precision_score(is_wrong, doubts), float(is_wrong[most].mean())]


def _planted(image: KnownImage, names: Sequence[str], generator: np.random.Generator) -> Objects:
    """The labels with one error; an empty label gets an object."""
    objects = list(image.labels)
    sorts = [one for one in SORTS if one != "swapped" or len(names) > 1]
    sort = str(generator.choice(sorts)) if objects else "extra"
    at = int(generator.integers(len(objects))) if objects else 0
    if sort == "missing":
        return [one for number, one in enumerate(objects) if number != at]
    if sort == "swapped":
        other = names[(names.index(objects[at].class_name) + int(generator.integers(1, len(names)))) % len(names)]
        return [*objects[:at], replace(objects[at], class_name=other), *objects[at + 1 :]]
    if sort == "badly placed":
        return [*objects[:at], _moved(objects[at], image, 0.5, generator), *objects[at + 1 :]]
    # The new object has the size of one that is there, at any place.
    return [*objects, _moved(objects[at], image, None, generator)] if objects else [_anywhere(image, names, generator)]


def _moved(one: Any, image: KnownImage, share: float | None, generator: np.random.Generator) -> Any:
    """The object at another place: a share of its side away, or anywhere."""
    width, height = image.size_px
    box = (one.x_min_px, one.y_min_px, one.width_px, one.height_px) if isinstance(one, Box) else one.box_px
    if share is None:
        right = float(generator.uniform(0, max(width - box[2], 1))) - box[0]
        down = float(generator.uniform(0, max(height - box[3], 1))) - box[1]
    else:
        right, down = (float(generator.choice([-1, 1])) * share * side for side in box[2:])
    if isinstance(one, Box):
        return replace(one, x_min_px=one.x_min_px + right, y_min_px=one.y_min_px + down, corners_px=())
    pixels = decode(one.rle, one.size_px).astype(np.uint8)
    shift = np.array([[1, 0, round(right)], [0, 1, round(down)]], np.float32)
    return Mask(one.class_name, encode(cv2.warpAffine(pixels, shift, one.size_px) > 0), one.size_px)


def _anywhere(image: KnownImage, names: Sequence[str], generator: np.random.Generator) -> Any:
    width, height = image.size_px
    left, top, name = generator.uniform(0, 0.7) * width, generator.uniform(0, 0.7) * height, str(generator.choice(names))
    if isinstance(image.labels, tuple) and hasattr(image.objects, "corners"):
        return Box(name, left, top, 0.2 * width, 0.2 * height)
    pixels = np.zeros((height, width), bool)
    pixels[int(top) : int(top + 0.2 * height), int(left) : int(left + 0.2 * width)] = True
    return Mask(name, encode(pixels), image.size_px)


def _compared(at: int, image: KnownImage, labels: Objects, said: Objects) -> Compared:
    """Boxes one by one, masks as regions, as the report compares them."""
    size = (float(image.size_px[0]), float(image.size_px[1]))
    if any(isinstance(one, Mask) for one in (*labels, *said)):
        true, mine = by_class(labels), by_class(said)
        drawn = [[Drawn(name, None, (), float(area(rle))) for name, rle in some.items()] for some in (true, mine)]
        return compared(str(at), size, drawn[0], drawn[1], iou(list(mine.values()), list(true.values())))
    sure = sorted(said, key=lambda one: -(one.confidence or 0.0))
    drawn = [[Drawn(one.class_name, one.confidence, (), one.width_px * one.height_px) for one in some] for some in (labels, sure)]
    return compared(str(at), size, drawn[0], drawn[1], ious(_rows(sure), _rows(labels)))


def _rows(boxes: Objects) -> npt.NDArray[np.float64]:
    return as_rows([(one.x_min_px, one.y_min_px, one.width_px, one.height_px) for one in boxes])


def _of_cleanlab(
    python: Path, labels: Sequence[Objects], found: Sequence[Objects], names: Sequence[str]
) -> npt.NDArray[np.float64]:
    """Doubts by cleanlab: one less its score of each label."""
    arrays: dict[str, npt.NDArray[np.float64]] = {"names": np.arange(len(names), dtype=np.float64)}
    for number, (true, said) in enumerate(zip(labels, found, strict=True)):
        arrays[f"true {number}"] = np.array([[*_corners(one), names.index(one.class_name)] for one in true]).reshape(-1, 5)
        rows = [[*_corners(one), names.index(one.class_name), one.confidence] for one in said]
        arrays[f"said {number}"] = np.array(rows, np.float64).reshape(-1, 6)
    with tempfile.TemporaryDirectory() as folder:
        given, scored = Path(folder) / "given.npz", Path(folder) / "scores.npz"
        np.savez(given, **arrays)  # type: ignore[arg-type]
        subprocess.run([python, SIDE, given, scored], check=True)
        scores: npt.NDArray[np.float64] = np.load(scored)["scores"]
    return 1 - scores


def _corners(one: Box) -> tuple[float, float, float, float]:
    return one.x_min_px, one.y_min_px, one.x_min_px + one.width_px, one.y_min_px + one.height_px


if __name__ == "__main__":
    main()
