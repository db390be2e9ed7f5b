"""Tests of the overlap of a round while people are new."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.label_quality.new_people import Overlap, Wanted, overlap_for_new_people

USUAL = Overlap(0.1, 3)
WANTED = Wanted(annotations=30, annotators=4, most_ratio=0.5)


def overlap(judged: list[int], images: int = 200, usual: Overlap = USUAL) -> Overlap:
    return overlap_for_new_people(np.array(judged, np.int64), images, usual, WANTED)


def test_overlap_for_new_people__has_as_many_images_as_their_answers_need() -> None:
    assert overlap([0] * 8) == Overlap(60 / 200, 4), "8 people need 30 answers each, 240 at 4 an image"
    assert overlap([0] * 4 + [30] * 4) == Overlap(60 / 200, 4), "half of all answers are of the others"
    assert overlap([0] * 8, images=1000) == USUAL, "the set overlap is 300 answers"
    assert overlap([0] * 8).votes_an_image == pytest.approx(1.9)


def test_overlap_for_new_people__goes_no_further_than_the_limit() -> None:
    assert overlap([0] * 8, images=20) == Overlap(0.5, 4)
    assert overlap([0] * 8, images=20, usual=Overlap(0.8, 2)) == Overlap(0.8, 4)


def test_overlap_for_new_people__asks_no_more_people_than_there_are() -> None:
    assert overlap([0, 0, 0], usual=Overlap(0.1, 2)) == Overlap(30 / 200, 3)


@pytest.mark.parametrize("judged", [[], [0], [30, 30, 30], [0, 30, 30]])
def test_overlap_for_new_people__is_as_set_without_others_or_with_few_new_people(judged: list[int]) -> None:
    assert overlap(judged) == USUAL


def test_overlap_for_new_people__leaves_a_project_without_overlap_and_an_empty_round() -> None:
    assert overlap([0] * 8, usual=Overlap(0.0, 3)) == Overlap(0.0, 3)
    assert overlap([0] * 8, images=0) == USUAL
