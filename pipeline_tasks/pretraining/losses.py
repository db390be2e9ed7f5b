"""Losses of self-supervised learning over the views of a batch; none of them knows a label."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Normalised temperature-scaled cross-entropy: each view must find the other view of its image among all views of the batch.

    `first` and `second` (N x D) are of the same images. Chen et al., SimCLR (ICML 2020), equation 1.
    """
    views = F.normalize(torch.cat([first, second]), dim=1)
    likeness = views @ views.T / temperature
    likeness = likeness.masked_fill(torch.eye(len(views), dtype=torch.bool, device=views.device), float("-inf"))
    partners = torch.arange(len(views), device=views.device).roll(len(first))
    return F.cross_entropy(likeness, partners)


def self_distillation(
    student: tuple[Tensor, Tensor],
    teacher: tuple[Tensor, Tensor],
    centre: Tensor,
    student_temperature: float,
    teacher_temperature: float,
) -> Tensor:
    """Cross-entropy of the student's view with the teacher's other view, which is centred and sharpened.

    Outputs are N x K for each of two views. Caron et al., DINO (ICCV 2021), equations 1 to 3, with the two global views alone.
    """
    pairs = ((student[0], teacher[1]), (student[1], teacher[0]))
    losses = [
        -(F.softmax((wanted - centre) / teacher_temperature, dim=1) * F.log_softmax(found / student_temperature, dim=1))
        .sum(1)
        .mean()
        for found, wanted in pairs
    ]
    return (losses[0] + losses[1]) / 2


def moved_centre(centre: Tensor, teacher: tuple[Tensor, Tensor], momentum: float) -> Tensor:
    """The centre (K) after a batch of the teacher's outputs: it keeps the teacher from one output for all images (equation 4)."""
    return centre * momentum + torch.cat(teacher).mean(0) * (1 - momentum)


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of 1 - cosine between the rows of two N x D tensors: 0 if all point the same way, 2 if the opposite way."""
    return (1 - F.cosine_similarity(student, teacher, dim=1)).mean()
