"""Tests of average precision of keypoints against pycocotools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kinds.matching.as_pycocotools import evaluated

from pipeline_tasks.kinds.matching.average_precision import average_precisions, average_recalls
from pipeline_tasks.kinds.matching.object_matches import ALL, LARGE, MEDIUM, ImageObjects, match_objects
from pipeline_tasks.kinds.matching.oks import oks

POINTS, MOST = 5, 20
SIGMAS = np.array([0.03, 0.05, 0.08, 0.1, 0.02])


def skeletons(generator: np.random.Generator, count: int) -> np.ndarray:
    """Points around a place, as large as people in photos are."""
    places, sides = generator.random((count, 1, 2)) * 400, np.exp(generator.normal(4.2, 0.6, (count, 1, 1)))
    return places + generator.random((count, POINTS, 2)) * sides


def an_image(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """True points, flags of the placed ones, predicted points and confidences."""
    true = skeletons(generator, int(generator.integers(0, 6)))
    is_placed = generator.random((len(true), POINTS)) < 0.7
    is_placed[:, 0] = True
    near = true[generator.random(len(true)) < 0.8]
    near = near + generator.normal(0, 4, near.shape)
    said = np.concatenate([near, skeletons(generator, int(generator.integers(0, 3)))])
    return true, is_placed, said, generator.random(len(said)).round(2)


def sides_of(points: np.ndarray) -> np.ndarray:
    return np.ptp(points, axis=1) if len(points) else np.empty((0, 2))


@pytest.mark.parametrize("block", range(2))
def test_average_precision_and_recall_of_keypoints__equal_pycocotools(block: int) -> None:
    for case in range(block * 100, block * 100 + 100):
        generator = np.random.default_rng(case)
        images = [an_image(generator) for _ in range(int(generator.integers(1, 4)))]
        once, groups = np.ones((1, len(images))), np.arange(len(images))

        found = match_objects(
            [
                ImageObjects(
                    at,
                    0,
                    confidences,
                    sides_of(said).prod(axis=1),
                    sides_of(true).prod(axis=1),
                    oks(said, true, is_placed, sides_of(true).prod(axis=1), SIGMAS),
                )
                for at, (true, is_placed, said, confidences) in enumerate(images)
            ],
            MOST,
            (ALL, MEDIUM, LARGE),
        )
        wanted = as_coco(images).eval

        precisions = [average_precisions(found, size, 0, groups, once)[0] for size in range(3)]
        recalls = [average_recalls(found, size, 1, groups, once, MOST)[0, 0] for size in range(3)]
        assert np.nan_to_num(precisions, nan=-1) == pytest.approx(wanted["precision"][:, :, 0, :, 0].mean(axis=1).T, abs=1e-9)
        assert np.nan_to_num(recalls, nan=-1) == pytest.approx(wanted["recall"][:, 0, :, 0].mean(axis=0), abs=1e-9)


def as_coco(images: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> Any:
    truth: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    for at, (true, is_placed, predicted, confidences) in enumerate(images):
        for points, placed, sides in zip(true, is_placed, sides_of(true), strict=True):
            more = {"id": len(truth) + 1, "iscrowd": 0, "area": float(sides.prod()), "num_keypoints": int(placed.sum())}
            box = [*points.min(axis=0).tolist(), *sides.tolist()]
            truth.append({"image_id": at + 1, "category_id": 1, "bbox": box, "keypoints": flat(points, placed * 2)} | more)
        for points, confidence in zip(predicted, confidences, strict=True):
            keypoints = flat(points, np.ones(POINTS))
            said.append({"image_id": at + 1, "category_id": 1, "keypoints": keypoints, "score": float(confidence)})
    return evaluated("keypoints", truth, said, len(images), 1, SIGMAS)


def flat(points: np.ndarray, flags: np.ndarray) -> list[float]:
    return np.concatenate([points, flags[:, None]], axis=1).ravel().tolist()


def test_oks__is_1_in_the_same_place_and_0_to_a_skeleton_without_points() -> None:
    points = np.arange(10, dtype=float).reshape(1, 5, 2)

    assert oks(points, points, np.ones((1, 5), bool), np.array([25.0]), SIGMAS).tolist() == [[1.0]]
    assert oks(points, points, np.zeros((1, 5), bool), np.array([25.0]), SIGMAS).tolist() == [[0.0]]
