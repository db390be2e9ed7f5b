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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.known_folders import read_known
from benchmarks.map_heads import MapBench
from benchmarks.planted_objects import Objects, planted
from pipeline_tasks.geometry.boxes import as_rows, ious
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.compared_objects import Compared, Drawn, compared
from pipeline_tasks.kinds.masks.drawn_masks import compared_regions
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.kinds.masks.regions import by_class
from pipeline_tasks.kinds.sure_objects import USUAL_CONFIDENCE
from pipeline_tasks.label_errors.object_doubts import SUSPECT, image_doubts, object_doubts

RATE = 0.1
SIDE = Path(__file__).with_name("object_label_errors_side.py")


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
    rows_of: dict[str, list[list[float]]] = {}
    for seed in range(given.seeds):
        sides = bench.sides("all", seed)
        found, _ = bench.found(bench.train(sides, seed).model, [*sides.val, *sides.test])
        for planting in range(given.plantings):
            for method, row in _scored(bench, found, told.class_names, [seed, planting], given.cleanlab_python).items():
                rows_of.setdefault(method, []).append(row)
        print(
            f"seed {seed}: " + "; ".join(f"{one} AUROC {np.mean(rows, axis=0)[0]:.3f}" for one, rows in rows_of.items()), flush=True
        )
    print(f"\n{given.kind}, {RATE:.0%} of {len(found)} unseen labels wrong, means of {len(rows_of['ours'])} plantings")
    for method, rows in rows_of.items():
        auroc, precision, share = np.mean(rows, axis=0)[:3]
        spread = np.std(rows, axis=0)[0]
        print(f"  {method:28} AUROC {auroc:.3f} ± {spread:.3f}, AP {precision:.3f}, found among as many {share:.3f}")
    suspects, right, seconds = np.mean(rows_of["ours"], axis=0)[3:]
    print(
        f"  suspects: in {suspects:.0f} labels, of which {right:.0%} are wrong; {1000 * seconds:.0f} ms of processor to judge all"
    )


def _scored(
    bench: MapBench, found: dict[int, tuple[Any, ...]], names: Sequence[str], seed: Sequence[int], cleanlab: Path | None
) -> dict[str, list[float]]:
    generator = np.random.default_rng(seed)
    wrong = set(generator.permutation(sorted(found))[: round(RATE * len(found))].tolist())
    labels = {at: planted(bench.images[at], names, generator).objects if at in wrong else bench.images[at].labels for at in found}
    told = {at: told_of(said) for at, said in found.items()}
    began = time.process_time()
    images = [as_compared(at, bench.images[at].size_px, labels[at], told[at]) for at in found]
    doubts, suspects = image_doubts(images), {one.image_id for one in object_doubts(images) if one.doubt >= SUSPECT}
    seconds = time.process_time() - began
    is_wrong = np.array([at in wrong for at in found])
    right = float(np.mean([int(one) in wrong for one in suspects])) if suspects else 0.0
    rows = {"ours": [*figures(doubts, is_wrong), len(suspects), right, seconds]}
    if cleanlab is not None and isinstance(bench.kind, BoxKind):
        theirs = 1 - scored_by_cleanlab(cleanlab, [labels[at] for at in found], [found[at] for at in found], names)["scores"]
        rows["cleanlab's ObjectLab"] = figures(theirs, is_wrong)
    return rows


def figures(doubts: npt.NDArray[np.floating], is_wrong: npt.NDArray[np.bool_]) -> list[float]:
    """AUROC, average precision, and the share of the errors among as many of the most doubted labels."""
    most = np.argsort(-doubts, kind="stable")[: int(is_wrong.sum())]
    return [roc_auc_score(is_wrong, doubts), average_precision_score(is_wrong, doubts), float(is_wrong[most].mean())]


def told_of(said: Objects) -> list[Any]:
    """Predictions that are sure enough to be told."""
    return [one for one in said if one.confidence is None or one.confidence >= USUAL_CONFIDENCE]


def as_compared(at: int, size_px: tuple[int, int], labels: Objects, said: Objects) -> Compared:
    """Boxes one by one, masks as regions, as the report compares them."""
    size = (float(size_px[0]), float(size_px[1]))
    if any(isinstance(one, Mask) for one in (*labels, *said)):
        return compared_regions(str(at), size_px, by_class(labels), by_class(said))
    sure = sorted(said, key=lambda one: -(one.confidence or 0.0))
    drawn = [[Drawn(one.class_name, one.confidence, (), one.width_px * one.height_px) for one in some] for some in (labels, sure)]
    return compared(str(at), size, drawn[0], drawn[1], ious(_rows(sure), _rows(labels)))


def _rows(boxes: Objects) -> npt.NDArray[np.float64]:
    return as_rows([(one.x_min_px, one.y_min_px, one.width_px, one.height_px) for one in boxes])


def scored_by_cleanlab(
    python: Path, labels: Sequence[Objects], found: Sequence[Objects], names: Sequence[str]
) -> dict[str, npt.NDArray[np.float64]]:
    """ObjectLab's scores of labels and boxes, as `object_label_errors_side` says."""
    arrays: dict[str, npt.NDArray[Any]] = {"names": np.arange(len(names), dtype=np.float64)}
    for number, (true, said) in enumerate(zip(labels, found, strict=True)):
        arrays[f"true {number}"] = np.array([[*_corners(one), names.index(one.class_name)] for one in true]).reshape(-1, 5)
        rows = [[*_corners(one), names.index(one.class_name), one.confidence] for one in said]
        arrays[f"said {number}"] = np.array(rows, np.float64).reshape(-1, 6)
    return at_side(python, arrays)


def at_side(python: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.float64]]:
    """Scores of these arrays by cleanlab."""
    with tempfile.TemporaryDirectory() as folder:
        given, scored = Path(folder) / "given.npz", Path(folder) / "scores.npz"
        np.savez(given, **arrays)  # type: ignore[arg-type]
        subprocess.run([python, SIDE, given, scored], check=True)
        return dict(np.load(scored))


def _corners(one: Box) -> tuple[float, float, float, float]:
    return one.x_min_px, one.y_min_px, one.x_min_px + one.width_px, one.y_min_px + one.height_px


if __name__ == "__main__":
    main()
