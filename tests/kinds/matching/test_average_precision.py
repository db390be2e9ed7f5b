"""Tests of average precision and recall against pycocotools, on the images and on bootstrap samples of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from kinds.matching.as_pycocotools import Scene, coco_stats, random_scenes

from pipeline_tasks.geometry.boxes import areas, ious
from pipeline_tasks.kinds.matching.average_precision import average_precisions, average_recalls
from pipeline_tasks.kinds.matching.object_matches import ImageObjects, ObjectMatches, match_objects

CASES = 200


def matched(scenes: Sequence[Scene]) -> ObjectMatches:
    """Matches of all classes of all images."""
    return match_objects(
        [
            ImageObjects(
                image,
                number,
                scene.confidences[number],
                areas(scene.predicted[number]),
                areas(scene.true[number]),
                ious(scene.predicted[number], scene.true[number]),
            )
            for image, scene in enumerate(scenes)
            for number in scene.true
        ],
        most=100,
    )


def precisions(scenes: Sequence[Scene], classes: int, draws: np.ndarray) -> np.ndarray:
    """Sizes x classes x samples x thresholds, one group an image; -1 where there is no true object, as pycocotools says it."""
    matches, groups = matched(scenes), np.arange(len(scenes))
    found = [[average_precisions(matches, size, one, groups, draws) for one in range(classes)] for size in range(4)]
    return np.nan_to_num(np.array(found), nan=-1)


def recalls(scenes: Sequence[Scene], classes: int, draws: np.ndarray, most: int) -> np.ndarray:
    """Sizes x classes x samples of recall, in the same way."""
    matches, groups = matched(scenes), np.arange(len(scenes))
    found = [average_recalls(matches, size, classes, groups, draws, most).T for size in range(4)]
    return np.nan_to_num(np.array(found), nan=-1)


@pytest.mark.parametrize("block", range(4))
def test_average_precision_and_recall__equal_pycocotools(block: int) -> None:
    for case in range(block * CASES // 4, (block + 1) * CASES // 4):
        generator = np.random.default_rng(case)
        images, classes = int(generator.integers(1, 5)), int(generator.integers(1, 4))
        scenes = random_scenes(generator, images, classes)
        once = np.ones((1, images))

        wanted = coco_stats(scenes, classes).eval

        # pycocotools: thresholds x recalls x classes x sizes x most.
        assert precisions(scenes, classes, once)[:, :, 0] == pytest.approx(
            wanted["precision"][..., 2].mean(axis=1).transpose(2, 1, 0), abs=1e-9
        )
        for number, most in enumerate((1, 10, 100)):
            assert recalls(scenes, classes, once, most)[:, :, 0] == pytest.approx(
                wanted["recall"][..., number].mean(axis=0).T, abs=1e-9
            )


def test_a_bootstrap_sample__has_the_figures_of_the_images_that_it_drew() -> None:
    generator = np.random.default_rng(5)
    scenes = random_scenes(generator, 9, 2, most=4)
    draws = generator.multinomial(9, np.full(9, 1 / 9), size=12).astype(float)
    precision, recall = precisions(scenes, 2, draws), recalls(scenes, 2, draws, 10)

    for sample, row in enumerate(draws):
        drawn = [scene for scene, times in zip(scenes, row, strict=True) for _ in range(int(times))]
        wanted = coco_stats(drawn, 2).eval
        assert precision[:, :, sample] == pytest.approx(wanted["precision"][..., 2].mean(axis=1).transpose(2, 1, 0), abs=1e-9)
        assert recall[:, :, sample] == pytest.approx(wanted["recall"][..., 1].mean(axis=0).T, abs=1e-9)


def test_many_objects__are_cut_to_the_hundred_surest_as_by_pycocotools() -> None:
    scenes = random_scenes(np.random.default_rng(2), 1, 1)
    generator = np.random.default_rng(3)
    true = np.concatenate([generator.random((300, 2)) * 4000, np.full((300, 2), 50.0)], axis=1)
    scenes.append(Scene({0: true}, {0: true + generator.normal(0, 5, true.shape)}, {0: generator.random(300)}))

    wanted = coco_stats(scenes, 1).eval

    assert precisions(scenes, 1, np.ones((1, 2)))[0, 0, 0] == pytest.approx(
        wanted["precision"][:, :, 0, 0, 2].mean(axis=1), abs=1e-9
    )
    assert recalls(scenes, 1, np.ones((1, 2)), 100)[0, 0, 0] == pytest.approx(wanted["recall"][:, 0, 0, 2].mean(), abs=1e-9)


def test_no_image_and_no_object__have_no_figure_and_no_prediction_has_precision_0() -> None:
    nothing, missed = Scene({0: np.empty((0, 4))}, {0: np.empty((0, 4))}, {0: np.empty(0)}), np.array([[1.0, 1, 5, 5]])
    groups, draws = np.zeros(1, np.int64), np.ones((3, 1))

    assert np.isnan(average_precisions(match_objects([], 100), 0, 0, groups, draws)).all()
    assert np.isnan(average_recalls(matched([nothing]), 0, 1, groups, draws, 100)).all()
    assert (
        average_precisions(matched([Scene({0: missed}, nothing.predicted, nothing.confidences)]), 0, 0, groups, draws) == 0
    ).all()


def test_matches__do_not_depend_on_the_order_of_images_within_a_group() -> None:
    scenes = random_scenes(np.random.default_rng(11), 12, 1)
    for scene in scenes:
        scene.confidences[0] += np.random.default_rng(len(scene.confidences[0])).random(len(scene.confidences[0])) * 1e-3
    draws, groups = np.random.default_rng(1).multinomial(4, np.full(4, 0.25), size=9).astype(float), np.arange(12) % 4
    order = np.random.default_rng(2).permutation(12)

    one = average_precisions(matched(scenes), 0, 0, groups, draws)
    other = average_precisions(matched([scenes[number] for number in order]), 0, 0, groups[order], draws)

    assert one == pytest.approx(other, abs=1e-12, nan_ok=True)
