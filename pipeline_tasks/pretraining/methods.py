"""Methods of pretraining: a backbone with what it needs to learn from views alone, and the network that is kept of it.

The backbone stays in evaluation mode, so that the statistics of a batch normalisation are those of its weights: batches are too
small for new ones, and no image then depends on the others of its batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline_tasks.pretraining.losses import cosine_distance, moved_centre, nt_xent, self_distillation

SIMCLR_TEMPERATURE = 0.2
PROJECTED = 128
PROTOTYPES = 256
"""Outputs of the heads of `dino`; the paper's 65,536 are for millions of images."""
STUDENT_TEMPERATURE, TEACHER_TEMPERATURE = 0.1, 0.04
CENTRE_MOMENTUM = 0.9
TEACHER_MOMENTUM = 0.99
"""Smaller than the paper's 0.996, because a project's pretraining has hundreds of steps and not hundreds of thousands."""


class Method(nn.Module, ABC):
    """A network that learns from views: uint8, N x side x side x 3 each."""

    views = 2
    """Views of an image in a batch."""

    def __init__(self, backbone: nn.Module) -> None:
        """Train this backbone (uint8 images → N x D)."""
        super().__init__()
        self.backbone = backbone

    @abstractmethod
    def loss(self, views: Sequence[Tensor]) -> Tensor:
        """Loss of a batch."""

    @property
    def kept(self) -> nn.Module:
        """The backbone that the training results in."""
        return self.backbone

    def after_step(self) -> None:
        """Take the new weights into what follows them."""

    def train(self, mode: bool = True) -> Method:
        """Set the training mode, but keep all statistics as they are."""
        super().train(mode)
        for module in self.modules():
            if module is not self:
                module.training = False
        return self


class SimClr(Method):
    """Contrastive: two views of an image are alike, and unlike those of other images (Chen et al., ICML 2020)."""

    def __init__(self, backbone: nn.Module, dimensions: int) -> None:
        """Add the projection behind embeddings of so many dimensions."""
        super().__init__(backbone)
        self.projection = _mlp(dimensions, dimensions, PROJECTED)

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        """NT-Xent of the projected views."""
        first, second = (self.projection(self.backbone(one)) for one in views)
        return nt_xent(first, second, SIMCLR_TEMPERATURE)


class Dino(Method):
    """Self-distillation from a slow copy of the network, which is kept (Caron et al., ICCV 2021)."""

    def __init__(self, backbone: nn.Module, dimensions: int) -> None:
        """Add the heads and the slow copy."""
        super().__init__(backbone)
        self.head = _mlp(dimensions, dimensions, PROTOTYPES)
        self.teacher, self.teacher_head = deepcopy(backbone), deepcopy(self.head)
        for one in (self.teacher, self.teacher_head):
            one.requires_grad_(False)
        self.register_buffer("centre", torch.zeros(PROTOTYPES))

    @property
    def kept(self) -> nn.Module:
        """The slow copy."""
        return self.teacher

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        """Cross-entropy with the slow copy's other view; moves the centre afterwards."""
        centre = self.get_buffer("centre")
        student = self.head(self.backbone(views[0])), self.head(self.backbone(views[1]))
        with torch.no_grad():
            teacher = self.teacher_head(self.teacher(views[0])), self.teacher_head(self.teacher(views[1]))
        loss = self_distillation(student, teacher, centre, STUDENT_TEMPERATURE, TEACHER_TEMPERATURE)
        self.centre = moved_centre(centre, teacher, CENTRE_MOMENTUM)
        return loss

    @torch.no_grad()
    def after_step(self) -> None:
        """Move the slow copy a little towards the network."""
        pairs = ((self.teacher, self.backbone), (self.teacher_head, self.head))
        for slow, quick in pairs:
            for old, new in zip(slow.parameters(), quick.parameters(), strict=True):
                old.lerp_(new, 1 - TEACHER_MOMENTUM)


class Distillation(Method):
    """A fixed, usually larger network says where the embedding of each view lies; the backbone learns to say the same."""

    views = 1

    def __init__(self, backbone: nn.Module, dimensions: int, teacher: nn.Module, teacher_dimensions: int) -> None:
        """Add a linear map into the teacher's space."""
        super().__init__(backbone)
        self.map = nn.Linear(dimensions, teacher_dimensions)
        # In a list, so that checkpoints do not contain it: it never changes.
        self._teacher = [teacher.eval().requires_grad_(False)]

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        """Mean distance of the mapped embeddings from the teacher's."""
        with torch.no_grad():
            wanted = self._teacher[0](views[0])
        return cosine_distance(self.map(self.backbone(views[0])), wanted)


@dataclass(frozen=True)
class Teacher:
    """A network to learn from, with the length of its embeddings."""

    network: nn.Module
    dimensions: int


def open_method(name: str, backbone: nn.Module, dimensions: int, teacher: Teacher | None, seed: int) -> Method:
    """The method of this name on a copy of the backbone; the seed draws the weights of what stands behind it."""
    copied = deepcopy(backbone)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name == "dino":
            return Dino(copied, dimensions)
        if name == "distillation":
            assert teacher is not None, "the settings refuse a distillation without a teacher"
            return Distillation(copied, dimensions, teacher.network, teacher.dimensions)
        return SimClr(copied, dimensions)


def _mlp(dimensions: int, hidden: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(dimensions, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
