"""Errors planted in the boxes and masks of the demo's trays, and how well heads that have not seen the labels find them.

    python -m benchmarks.drawn_object_errors                                boxes
    python -m benchmarks.drawn_object_errors --kind mask                    masks
    python -m benchmarks.drawn_object_errors --short                        heads with a third of the steps
    python -m benchmarks.drawn_object_errors --cleanlab-python PYTHON       beside cleanlab (2.9.0, Apache-2.0)

A tenth of the labels gets one error: an object is taken away, added, given another name, or moved by half its side. Heads are
trained on two of three folds, wrong labels included, and predict in the third. By image: is anything in its label wrong? By
object: which one is wrong (of masks, the region of which class)? Peers see the same predictions: cleanlab's ObjectLab (boxes) and
its scores of segmentations (masks), and FiftyOne's mistakenness. Confidences of a detector are overlaps, which hardly reach the
.95 that both count from, so both are also shown with confidences stretched so that one in ten is 1.

Heads are as long as a project's. What is fitted here was chosen on the seed 10, which is therefore not to be reported.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.fold_predictions import AS_A_PROJECT, SHORT, Predicted, predicted
from benchmarks.object_label_errors import as_compared, at_side, figures, scored_by_cleanlab, told_of
from benchmarks.paired_images import Round, difference
from benchmarks.planted_objects import SORTS, Planted
from pipeline_tasks.geometry.boxes import ious
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.matching import sides_of
from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.masks.regions import by_class
from pipeline_tasks.kinds.matching import errors
from pipeline_tasks.label_errors.object_doubts import SUSPECT, WORTH_A_LOOK, image_doubts, object_doubts

RATE = 0.1
TAKEN_AS_SURE = 0.95
"""Confidence above which FiftyOne calls a prediction without a label missing."""
Key = tuple[int, str, int]
"""Image, `label` or `said` or `lost`, and the object's number in it."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Doubts:
    """One method's doubts."""

    images: Floats
    objects: dict[Key, float] | None = None
    """Objects that are not named are not doubted; None where a method scores images alone."""


def main(words: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["box", "mask"], default="box")
    parser.add_argument("--trays", type=int, default=150)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--plantings", type=int, default=3, help="times that errors are planted for the heads of each seed")
    parser.add_argument("--short", action="store_true", help="heads with a third of the steps")
    parser.add_argument("--cleanlab-python", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-object-folds")
    given = parser.parse_args(words)
    rows: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    rounds: dict[str, list[Round]] = defaultdict(list)
    settings = SHORT if given.short else AS_A_PROJECT
    for seed in given.seeds:
        heads = predicted(given.kind, given.trays, seed, RATE, given.cache, settings)
        for planting in range(given.plantings):
            said = heads.planted_anew(planting)
            found = _methods(said, given.cleanlab_python)
            for method, doubts in found.items():
                rows[method, "by image"].append(_of_images(said, doubts.images))
                rounds[method].append((found["ours"].images, doubts.images, np.array([bool(one.sort) for one in said.labels])))
                if doubts.objects is not None:
                    rows[method, "by object"].append(_of_objects(said, doubts.objects))
            print(_suspects(seed, said), flush=True)
    times = f"{given.plantings} plantings of each of {len(given.seeds)} heads"
    print(f"\n{given.kind}, {given.trays} trays, a tenth wrong, {times}; by sort: share found among as many")
    for (method, by), found in rows.items():
        auroc, precision, share, *by_sort = np.nanmean(found, axis=0)
        low, high = min(one[0] for one in found), max(one[0] for one in found)
        sorts = ", ".join(f"{sort} {one:.2f}" for sort, one in zip(SORTS, by_sort, strict=True))
        print(f"{by:9} {method:32} AUROC {auroc:.3f} ({low:.3f}–{high:.3f}), AP {precision:.3f}, found {share:.3f}: {sorts}")

    for method, compared in rounds.items():
        if method != "ours":
            apart = {name: f"{one:+.3f} ({low:+.3f} to {high:+.3f})" for name, (one, low, high) in difference(compared).items()}
            print(f"ours less {method:32} AUROC {apart['AUROC']}, AP {apart['AP']}, 95 % interval over images")


def _suspects(seed: int, said: Predicted) -> str:
    images = _compared(said)
    doubts, told = object_doubts(images), []
    for name, least in (("with suspects", SUSPECT), ("worth a look", WORTH_A_LOOK)):
        found = {int(one.image_id) for one in doubts if one.doubt >= least}
        told.append(f"{len(found)} images {name}, {sum(bool(said.labels[at].sort) for at in found)} wrong")
    wrong = sum(bool(one.sort) for one in said.labels)
    return f"seed {seed}: {'; '.join(told)}; of {wrong} wrong ones; {said.seconds:.0f} s of processor"


def _compared(said: Predicted) -> list[Compared]:
    return [as_compared(at, said.sizes[at], one.objects, told_of(said.found[at])) for at, one in enumerate(said.labels)]


def _methods(said: Predicted, cleanlab: Path | None) -> dict[str, Doubts]:
    """Doubts of every method about the same predictions."""
    images = _compared(said)
    mine: dict[Key, float] = {}
    for one in object_doubts(images):
        place = ("said", one.outcome.predicted) if one.outcome.true is None else ("label", one.outcome.true)
        mine[int(one.image_id), place[0], place[1] or 0] = one.doubt
    found = {"ours": Doubts(image_doubts(images), mine)}
    stretched = _stretched(said)
    found |= {"FiftyOne's mistakenness": _mistakenness(said), "the same, stretched": _mistakenness(stretched)}
    if cleanlab is not None and said.shares:
        found |= _segmentations(said, cleanlab)
    elif cleanlab is not None:
        found |= {"cleanlab's ObjectLab": _object_lab(said, cleanlab), "the same, stretched ": _object_lab(stretched, cleanlab)}
    return found


def _stretched(said: Predicted) -> Predicted:
    sure = [one.confidence for some in said.found.values() for one in told_of(some)]
    top = float(np.quantile(sure, 0.9))
    found = {at: tuple(replace(one, confidence=min(one.confidence / top, 1.0)) for one in some) for at, some in said.found.items()}
    return replace(said, found=found)


def _mistakenness(said: Predicted) -> Doubts:
    """FiftyOne's formula from confidences (`mistakenness.py` of fiftyone-brain, Apache-2.0), the greatest of an image.

    A matched object (IoU of at least .5) has (1 + c) / 2 if the names differ, else (1 - c) / 2; its place has
    (1 + c (2 i - 1)) / 2 with i = 2 (1 - IoU). An unmatched object is possibly spurious, an unmatched prediction of a confidence
    over .95 possibly missing: both are flags, here 1.
    """
    objects: dict[Key, float] = {}
    for at, image in enumerate(_compared(said)):
        sure = _confidences(said, at, image)
        for one in image.outcomes:
            if one.predicted is not None and one.sort in (errors.FOUND, errors.SWAPPED):
                c, wrong = sure[one.predicted], 1 if one.sort == errors.SWAPPED else -1
                by_place = (1 + c * (4 * (1 - one.likeness) - 1)) / 2
                objects[at, "label", one.true or 0] = max((1 + wrong * c) / 2, by_place)
            elif one.true is not None:
                objects[at, "label", one.true] = 1.0
            if one.true is None or one.sort == errors.BADLY_PLACED:
                objects[at, "said", one.predicted or 0] = float(sure[one.predicted or 0] > TAKEN_AS_SURE)
    images = np.zeros(len(said.labels))
    for (at, _, _), doubt in objects.items():
        images[at] = max(images[at], doubt)
    return Doubts(images, objects)


def _confidences(said: Predicted, at: int, image: Compared) -> list[float]:
    """Those of the predictions in their order in the comparison, that of a region by its name."""
    by_name = {one.class_name: one.confidence or 0.0 for one in said.found[at]}
    return [one.confidence if one.confidence is not None else by_name[one.class_name] for one in image.predicted]


def _object_lab(said: Predicted, cleanlab: Path) -> Doubts:
    """ObjectLab's; it has no score for an object that is not there."""
    sure = [sorted(said.found[at], key=lambda one: -(one.confidence or 0.0)) for at in range(len(said.labels))]
    scores = scored_by_cleanlab(cleanlab, [one.objects for one in said.labels], sure, said.names)
    objects: dict[Key, float] = {}
    for at in range(len(sure)):
        for word in ("label", "said"):
            objects |= {(at, word, number): 1 - float(one) for number, one in enumerate(scores[f"{word} {at}"])}
    return Doubts(1 - scores["scores"], objects)


def _segmentations(said: Predicted, cleanlab: Path) -> dict[str, Doubts]:
    """Its scores of the cells of the segmenter's output."""
    width, height = said.sizes[0]
    cells = said.shares[0].shape[1]
    rows, columns = (round(cells * side / max(width, height)) for side in (height, width))
    across, down = (((np.arange(of) + 0.5) * side / of).astype(int) for of, side in ((columns, width), (rows, height)))
    labels = np.zeros((len(said.labels), rows, columns), np.int64)
    for at, one in enumerate(said.labels):
        for name, rle in by_class(one.objects).items():
            labels[at][decode(rle, (width, height))[np.ix_(down, across)]] = 1 + said.names.index(name)
    shares = np.stack([said.shares[at][:, :rows, :columns] for at in range(len(labels))])
    scores = at_side(cleanlab, {"labels": labels, "shares": shares})
    return {f"cleanlab's {method}": Doubts(1 - one) for method, one in scores.items()}


def _of_images(said: Predicted, doubts: Floats) -> list[float]:
    sorts = [one.sort for one in said.labels]
    return _row(doubts, sorts)


def _of_objects(said: Predicted, doubts: dict[Key, float]) -> list[float]:
    """Figures over all labelled objects, predictions without a label, and lost objects that no prediction is at."""
    sorts: dict[Key, str] = {}
    for at, image in enumerate(_compared(said)):
        wrong = _wrong(said, at, image)
        sorts |= {(at, "label", number): "" for number in range(len(image.true))}
        sorts |= {(at, "said", one.predicted or 0): "" for one in image.outcomes if one.true is None}
        sorts |= dict.fromkeys(wrong, said.labels[at].sort)
    return _row(np.array([doubts.get(key, 0.0) for key in sorts]), list(sorts.values()))


def _wrong(said: Predicted, at: int, image: Compared) -> list[Key]:
    """The planted error's objects: of masks the regions whose names it touches."""
    label = said.labels[at]
    if not label.sort:
        return []
    unlabelled = [one.predicted or 0 for one in image.outcomes if one.true is None]
    if said.shares:
        names = {one.class_name for one in (label.was, None if label.at is None else label.objects[label.at]) if one is not None}
        found = [(at, "label", number) for number, one in enumerate(image.true) if one.class_name in names]
        return found + [(at, "said", one) for one in unlabelled if image.predicted[one].class_name in names] or [(at, "lost", 0)]
    if label.at is not None:
        return [(at, "label", label.at)]
    sure = sorted(told_of(said.found[at]), key=lambda one: -(one.confidence or 0.0))
    return [(at, "said", one) for one in unlabelled if _is_there(sure[one], label)] or [(at, "lost", 0)]


def _is_there(said: Box, label: Planted) -> bool:
    return bool(ious(sides_of([said]), sides_of([label.was]))[0, 0] >= errors.ENOUGH)


def _row(doubts: Floats, sorts: Sequence[str]) -> list[float]:
    """Figures, then the share of each sort's errors among as many of the most doubted as there are errors."""
    is_wrong = np.array([bool(one) for one in sorts])
    most = np.argsort(-doubts, kind="stable")[: int(is_wrong.sum())]
    is_found = np.isin(np.arange(len(sorts)), most)
    by_sort = [is_found[np.array(sorts) == one] for one in SORTS]
    return [*figures(doubts, is_wrong), *(float(one.mean()) if len(one) else float("nan") for one in by_sort)]


if __name__ == "__main__":
    main()
