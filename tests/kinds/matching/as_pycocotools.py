"""The same objects through pycocotools, whose figures ours must equal."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


@dataclass(frozen=True)
class Scene:
    """One image: boxes of each class as rows of x, y, width, height; predicted ones with their confidences."""

    true: dict[int, np.ndarray] = field(default_factory=dict)
    predicted: dict[int, np.ndarray] = field(default_factory=dict)
    confidences: dict[int, np.ndarray] = field(default_factory=dict)


def random_scenes(generator: np.random.Generator, images: int, classes: int, *, most: int = 8) -> list[Scene]:
    """Boxes of all sizes, with predictions that are near, off, twice there or of nothing; some images are empty."""
    return [_random_scene(generator, classes, most) for _ in range(images)]


def _random_scene(generator: np.random.Generator, classes: int, most: int) -> Scene:
    true, predicted, confidences = {}, {}, {}
    for number in range(classes):
        boxes = _boxes(generator, int(generator.integers(0, most + 1)) if generator.random() < 0.8 else 0)
        kept = boxes[generator.random(len(boxes)) < 0.8]
        near = np.concatenate([kept, kept[generator.random(len(kept)) < 0.3]])
        spread = near[:, 2:].mean(axis=1, keepdims=True) if len(near) else 0.0
        near = near + generator.normal(0, 0.12, near.shape) * spread
        near[:, 2:] = np.abs(near[:, 2:]) + 0.5
        said = np.concatenate([near, _boxes(generator, int(generator.integers(0, 4)))])
        said = said[generator.permutation(len(said))]
        true[number], predicted[number] = boxes, said
        # Rounded, so that predictions of one image and of several are equally sure.
        confidences[number] = generator.random(len(said)).round(2)
    return Scene(true, predicted, confidences)


def _boxes(generator: np.random.Generator, count: int) -> np.ndarray:
    sides = np.exp(generator.normal(4, 0.9, (count, 2)))
    boxes = np.concatenate([generator.random((count, 2)) * 500, sides], axis=1)
    return boxes.round() if generator.random() < 0.3 else boxes


def coco_stats(scenes: Sequence[Scene], classes: int) -> COCOeval:
    """Evaluation of boxes with all its tables."""
    truth, said = [], []
    for image, scene in enumerate(scenes):
        for number in range(classes):
            for box in scene.true.get(number, np.empty((0, 4))):
                truth.append(_fields(image, number, box, {"id": len(truth) + 1, "iscrowd": 0, "area": float(box[2] * box[3])}))
            pairs = zip(scene.predicted.get(number, []), scene.confidences.get(number, []), strict=True)
            said += [_fields(image, number, box, {"score": float(score)}) for box, score in pairs]
    return evaluated("bbox", truth, said, len(scenes), classes)


def _fields(image: int, number: int, box: np.ndarray, more: dict[str, Any]) -> dict[str, Any]:
    return {"image_id": image + 1, "category_id": number + 1, "bbox": box.tolist()} | more


def evaluated(
    what: str,
    truth: list[dict[str, Any]],
    said: list[dict[str, Any]],
    images: int,
    classes: int,
    sigmas: Any = None,
    size_px: tuple[int, int] = (0, 0),
) -> COCOeval:
    """Evaluation of annotations in COCO's own form; ids begin with 1, because pycocotools takes 0 for no match."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": one + 1, "width": size_px[0], "height": size_px[1]} for one in range(images)],
            "categories": [{"id": one + 1, "name": str(one)} for one in range(classes)],
            "annotations": truth,
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(said) if said else _nothing(coco), what)
        if sigmas is not None:
            evaluation.params.kpt_oks_sigmas = np.asarray(sigmas)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def _nothing(coco: COCO) -> COCO:
    """Predictions of nothing at all, which `loadRes` refuses."""
    found = COCO()
    found.dataset = coco.dataset | {"annotations": []}
    found.createIndex()
    return found
