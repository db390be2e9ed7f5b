"""Tests of the losses, on numbers that can be followed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from pipeline_tasks.pretraining.losses import cosine_distance, moved_centre, nt_xent, self_distillation

RIGHT, UP = [1.0, 0.0], [0.0, 1.0]


def test_nt_xent__of_two_pairs_that_agree_is_the_chance_of_three_others() -> None:
    views = torch.tensor([RIGHT, UP])
    # Of the three other views the partner has likeness 1 and the two of the other image 0.
    assert nt_xent(views, views, temperature=1.0).item() == pytest.approx(math.log((math.e + 2) / math.e))


def test_nt_xent__of_two_pairs_that_are_exchanged_is_larger() -> None:
    first, second = torch.tensor([RIGHT, UP]), torch.tensor([UP, RIGHT])
    assert nt_xent(first, second, temperature=1.0).item() == pytest.approx(math.log(math.e + 2))


def test_nt_xent__knows_no_length_and_sharpens_with_the_temperature() -> None:
    views = torch.tensor([RIGHT, UP])
    assert nt_xent(views * 7, views * 3, 0.5).item() == pytest.approx(math.log((math.e**2 + 2) / math.e**2))


def test_self_distillation__compares_each_view_with_the_other_one_of_the_teacher() -> None:
    even, sure = torch.zeros(1, 2), torch.tensor([[math.log(3.0), 0.0]])
    nothing = torch.zeros(2)
    found = self_distillation((even, sure), (sure, even), nothing, 1.0, 1.0)
    # First view: even student, even teacher: log 2. Second: the student says 3/4 and 1/4, and so does the teacher.
    of_sure = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert found.item() == pytest.approx((math.log(2) + of_sure) / 2)


def test_self_distillation__takes_the_centre_from_the_teacher_alone() -> None:
    teacher = torch.tensor([[5.0, 1.0]])
    centred = self_distillation((torch.zeros(1, 2),) * 2, (teacher, teacher), torch.tensor([5.0, 1.0]), 1.0, 0.5)
    assert centred.item() == pytest.approx(math.log(2))
    student = torch.tensor([[math.log(3.0), 0.0]])
    # An even teacher and a student of 3/4 and 1/4.
    found = self_distillation((student, student), (teacher, teacher), torch.tensor([5.0, 1.0]), 1.0, 0.5)
    assert found.item() == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)


def test_moved_centre__goes_a_tenth_of_the_way_to_the_mean_of_both_views() -> None:
    centre = moved_centre(torch.tensor([0.0, 1.0]), (torch.tensor([[2.0, 1.0]]), torch.tensor([[4.0, 1.0]])), momentum=0.9)
    assert centre.tolist() == pytest.approx([0.3, 1.0])


def test_cosine_distance__is_0_for_the_same_direction_1_at_a_right_angle_and_2_opposite() -> None:
    student = torch.tensor([RIGHT, RIGHT, RIGHT])
    teacher = torch.tensor([[4.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])
    assert cosine_distance(student[:1], teacher[:1]).item() == pytest.approx(0)
    assert cosine_distance(student, teacher).item() == pytest.approx((0 + 1 + 2) / 3)
