"""A backbone before and after self-supervised pretraining, by the probe of the stages, on folders of labelled images.

    python -m benchmarks.pretraining                    tiles of NIGHTLENS_DATA, by default ../shared/data
    python -m benchmarks.pretraining FOLDER --backbone small_cnn --side-px 64 --method simclr --epochs 20 --labelled 150

A third of the groups is test: no pretraining sees them, and both backbones are compared on them. The rest is trained on without
labels; `--labelled` of them give the labels that the linear models are fitted to. Files that are numbered near each other are one
group. Seconds are processor time of the pretraining alone. `pretrained_then_probed` is the same for other benchmarks.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.search import groups_of_files
from pipeline_tasks.augmentations.policy import FOR_WHOLE_IMAGES
from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.backbones.pretrained import PretrainedBackbone, PretrainedFiles, check_network, weights_as_bytes
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.pretraining.fitting import plan_of, pretrain
from pipeline_tasks.pretraining.methods import Teacher, open_method
from pipeline_tasks.pretraining.probe import Gain, Labelled, probe
from pipeline_tasks.pretraining.views import StrongViews, strong_policy
from pipeline_tasks.settings import BackboneSettings
from pipeline_tasks.settings.pretraining import PretrainingSettings


@dataclass(frozen=True)
class Images:
    """Model-size images with the number of their name and of their group."""

    pixels: NDArray[np.uint8]
    names: NDArray[np.int64]
    groups: NDArray[np.int64]
    is_test: NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """Gain and cost of a pretraining."""

    gain: Gain
    seconds: float
    """Processor time of the pretraining."""
    trained_images: int
    losses: tuple[float, ...]
    backbone: Backbone
    """With the new weights."""

    @property
    def words(self) -> str:
        """One line."""
        right = f"{self.gain.before:.3f} → {self.gain.after:.3f} right"
        losses = f"loss {self.losses[0]:.3f} → {self.losses[-1]:.3f}"
        return f"{right}: {self.gain.words}; {self.trained_images} images, {losses}, {self.seconds:.0f} s of processor"


def pretrained_then_probed(
    images: Images,
    settings: BackboneSettings,
    pretraining: PretrainingSettings,
    *,
    labelled: int,
    seed: int,
    folder: Path,
    teacher: Backbone | None = None,
) -> Row:
    """Pretrain on all images that are not test, then compare on test with `labelled` labels; `folder` is scratch."""
    base = open_backbone(settings, folder / "backbones")
    began, used = time.process_time(), images.pixels[~images.is_test]
    guide = None if teacher is None else Teacher(teacher.load_network(), teacher.dimensions)
    method = open_method(pretraining.method, base.load_network(), base.dimensions, guide, seed)
    views = StrongViews(used, strong_policy(pretraining.views, None, FOR_WHOLE_IMAGES), seed, method.views)
    plan = plan_of(
        epochs=pretraining.epochs,
        batch_size=pretraining.batch_size,
        learning_rate=pretraining.learning_rate,
        weight_decay=pretraining.weight_decay,
        seed=seed,
    )
    found = pretrain(method, views, plan, Journal(), folder)
    seconds = time.process_time() - began
    weights, graph = weights_as_bytes(found.network), base.onnx_of(found.network)
    files = PretrainedFiles(f"{seed:064x}", settings.name, settings.side_px, lambda: weights, lambda: graph)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        new = PretrainedBackbone(check_network(base, settings.name, files), files, Path(name))
    gain = _probed(images, base, new, labelled, seed)
    return Row(gain, seconds, len(used), found.losses, new)


def _probed(images: Images, base: Backbone, new: Backbone, labelled: int, seed: int) -> Gain:
    """Compare on test; the labels are of drawn training images."""
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(~images.is_test))[:labelled]
    rows = np.concatenate([np.flatnonzero(images.is_test), drawn])
    names = np.eye(int(images.names.max()) + 1, dtype=np.bool_)[images.names[rows]]
    before, after = (one.embed(images.pixels[rows]) for one in (base, new))
    return probe(before, after, Labelled(names, images.groups[rows], images.is_test[rows]), seed)


def read_images(folder: Path, side_px: int, seed: int) -> Images:
    """All images of folders by name; a third of the groups is test."""
    files = sorted(folder.glob("*/*.jpg"))
    names = sorted({file.parent.name for file in files})
    groups = groups_of_files(files)
    test = np.random.default_rng(seed).permutation(int(groups.max()) + 1)[: (int(groups.max()) + 1) // 3]
    pixels = np.stack([model_image(decode(file.read_bytes(), Limits()).pixels, side_px) for file in files])
    numbers = np.array([names.index(file.parent.name) for file in files], np.int64)
    return Images(pixels, numbers, groups, np.isin(groups, test))


def main(words: Sequence[str] | None = None) -> None:
    """Print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("NIGHTLENS_DATA", "../shared/data"))
    parser.add_argument("folder", type=Path, nargs="?", default=data / "tiles" / "images")
    parser.add_argument("--backbone", default="small_cnn")
    parser.add_argument("--side-px", type=int, default=64)
    parser.add_argument("--method", default="simclr")
    parser.add_argument("--teacher", help="backbone to distil from, with weights that are installed")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--labelled", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    images = read_images(given.folder, given.side_px, given.seed)
    teacher = None if given.teacher is None else {"name": given.teacher}
    fields = {"method": given.method, "teacher": teacher, "epochs": given.epochs, "learning_rate": given.learning_rate}
    settings = BackboneSettings(name=given.backbone, side_px=given.side_px)
    with tempfile.TemporaryDirectory(prefix="pretraining-") as name:
        guide = None if teacher is None else open_backbone(settings.model_copy(update=teacher), Path(name))
        row = pretrained_then_probed(
            images,
            settings,
            PretrainingSettings.model_validate(fields),
            labelled=given.labelled,
            seed=given.seed,
            folder=Path(name),
            teacher=guide,
        )
    print(f"{given.backbone} at {given.side_px} px, {given.method}, {given.epochs} epochs, {given.labelled} labels: {row.words}")


if __name__ == "__main__":
    main()
