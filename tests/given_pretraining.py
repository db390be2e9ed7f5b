"""Images and methods for tests of pretraining: a network of a few weights, and noise of two colours."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from given_models import SIDE_PX, TinyNetwork, an_image
from torch import Tensor, nn

from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.pretraining.fitting import Pretrained, plan_of, pretrain
from pipeline_tasks.pretraining.methods import Dino, Distillation, Method, SimClr
from pipeline_tasks.pretraining.views import StrongViews, strong_policy

IMAGES = 12
EPOCHS = 4
METHODS: dict[str, Callable[[], Method]] = {
    "simclr": lambda: SimClr(TinyNetwork(), 32),
    "dino": lambda: Dino(TinyNetwork(), 32),
    "distillation": lambda: Distillation(TinyNetwork(), 32, Teacher(), 3),
}


class Teacher(nn.Module):
    """The mean colour."""

    def forward(self, images: Tensor) -> Tensor:
        return images.to(torch.float32).mean((1, 2))


def a_method(name: str, seed: int = 0) -> Method:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return METHODS[name]()


def some_views(views: int, seed: int = 0) -> StrongViews:
    images = [model_image(an_image("bolt" if number % 2 else "nut", number), SIDE_PX) for number in range(IMAGES)]
    return StrongViews(np.stack(images), strong_policy(None, None, ("horizontal_flip", "brightness_contrast")), seed, views)


def pretrained(name: str, folder: Path, journal: Journal | None = None, seed: int = 0) -> Pretrained:
    method = a_method(name, seed)
    plan = plan_of(epochs=EPOCHS, batch_size=5, learning_rate=1e-2, weight_decay=1e-4, seed=seed)
    return pretrain(method, some_views(method.views, seed), plan, journal or Journal(), folder)


def bytes_of(result: Pretrained) -> bytes:
    return b"".join(values.numpy().tobytes() for _, values in sorted(result.network.state_dict().items()))


class FolderJournal:
    """Checkpoints as files; the process ends itself, as by SIGKILL, when the epoch `killed_in` is told."""

    def __init__(self, folder: Path, killed_in: int | None = None) -> None:
        self.folder, self.killed_in = folder, killed_in
        folder.mkdir(exist_ok=True)

    @property
    def journal(self) -> Journal:
        return Journal(self._newest, self._keep, self._tell)

    def _newest(self, phase: str) -> bytes | None:
        files = sorted(self.folder.glob(f"{phase}-*"))
        return files[-1].read_bytes() if files else None

    def _keep(self, phase: str, epochs_done: int, content: bytes) -> None:
        (self.folder / f"{phase}-{epochs_done:03d}").write_bytes(content)

    def _tell(self, phase: str, epoch: int, metrics: Metrics) -> None:
        if epoch == self.killed_in:
            os.kill(os.getpid(), 9)


if __name__ == "__main__":
    name, folder, killed_in = json.loads(sys.argv[1])
    pretrained(name, Path(folder) / "work", FolderJournal(Path(folder) / "kept", killed_in).journal)
