"""Training input and training: images a second beside the usual loaders, and a night's training beside a plain Lightning script.

    python -m benchmarks.train FOLDER [--images 200] [--rounds 5]         FOLDER: a folder of images a class

**Input.** One thread makes augmented images of 224 pixels from JPEG files: a random crop and a mirror, then what the network takes.
The peers are the two usual loaders, written out: Pillow as torchvision's transforms use it (open, convert, crop and resize,
flip, to a normalised float tensor), and albumentations on OpenCV. Ours reads the file through the product's decoder (EXIF, colour
profile, limits), makes the model-size image and draws the view; the network normalises. `3 views a reading` is what a night does:
it reads a file once for all its views, where a loader reads it anew for each. `held` is ours on model-size images in memory, as
each epoch of live training but the first finds them. All sides are timed in turns in one run; ratios are medians. The files are
read as they are, and enlarged to what cameras send (`--long-sides`): ours decodes a large JPEG at a part of its size.

**Training.** The plain script embeds as many views with the same network in torch, batch by batch, and fits a linear layer with
Lightning for as many epochs as ours took, on the same images. Ours is `train_model` as the night runs it: first with nothing
stored, then as on the next night, when views and embeddings are in the store. It also fits a second head on all labels and a
temperature, and looks at each augmentation. Both are scored on the same held-out images.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
import albumentations
import cv2
import numpy as np
import polars as pl
import pytorch_lightning as lightning
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from benchmarks.known_classes import ClassNights, class_nights
from pipeline_tasks.augmentations.policy import policy_of
from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.settings.augmentation import AugmentationSettings
from pipeline_tasks.tables.dataset_image import DatasetImage

SIDE_PX, LEAST, LEAST_HELD, MOST = 224, 1.8, 10.0, 1.0
MEAN, SPREAD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
STEPS = {
    "random_crop": AugmentationSettings(strength=0.92, probability=1.0),
    "horizontal_flip": AugmentationSettings(probability=0.5),
}
VIEWS, BATCH = 3, 128
FIRST, SECOND = "2026-11-21", "2026-11-22"
T = TypeVar("T")


def main(words: Sequence[str] | None = None) -> None:
    """Print both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(os.environ.get("NIGHTLENS_DATA", "../shared/data")) / "photos")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--long-sides", type=int, nargs="*", default=[1280, 1920])
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    files = sorted(given.folder.glob("*/*.jpg"))
    random.Random(0).shuffle(files)
    _tell_input("as they are", files[: given.images], given.rounds)
    for long_px in given.long_sides:
        with tempfile.TemporaryDirectory(prefix="nightlens-input-") as folder:
            _tell_input(f"enlarged to {long_px} px", _enlarged(files[: given.images], long_px, Path(folder)), given.rounds)
    _tell_training(files[: 2 * given.images])


@dataclass(frozen=True)
class Loader:
    """One way to make a training image."""

    name: str
    one: Callable[[int], Any]
    views: int = 1
    """Views that one call makes."""


def _enlarged(files: Sequence[Path], long_px: int, folder: Path) -> list[Path]:
    """Copies whose longer side is as long as wanted."""
    found = []
    for number, file in enumerate(files):
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        scale = long_px / max(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        found.append(folder / f"{number}.jpg")
        image.resize(size, Image.Resampling.BICUBIC).save(found[-1], quality=90)
    return found


def _tell_input(size: str, files: Sequence[Path], rounds: int) -> None:
    loaders = [_pillow(files), _opencv(files), _ours(files), _three_views(files), _held(files)]
    seconds: dict[str, list[float]] = {one.name: [] for one in loaders}
    for _ in range(rounds):
        for loader in loaders:
            began = time.process_time()
            for number in range(len(files)):
                loader.one(number)
            seconds[loader.name].append((time.process_time() - began) / loader.views)
    print(f"input, {len(files)} files {size}, one thread, {rounds} turns: images a second of processor time")
    for name, taken in seconds.items():
        print(f"  {name}: {len(files) / median(taken):.0f}")
    for ours, least in (("ours", LEAST), (f"ours, {VIEWS} views a reading", LEAST), ("ours, held", LEAST_HELD)):
        for peer in ("pillow, as torchvision", "albumentations, opencv"):
            ratio = median(one / mine for one, mine in zip(seconds[peer], seconds[ours], strict=True))
            print(f"  {ours} against {peer}: {ratio:.2f} ×, at least {least:g}: {'kept' if ratio >= least else 'MISSED'}")


def _pillow(files: Sequence[Path]) -> Loader:
    """As torchvision's RandomResizedCrop, RandomHorizontalFlip, ToTensor and Normalize do it on Pillow images."""
    drawn = np.random.default_rng(0)

    def one(number: int) -> torch.Tensor:
        """A normalised tensor."""
        with Image.open(files[number]) as opened:
            image = opened.convert("RGB")
        width, height = image.size
        share, aspect = drawn.uniform(0.08, 1.0), np.exp(drawn.uniform(np.log(3 / 4), np.log(4 / 3)))
        wide = min(width, round(float(np.sqrt(share * width * height * aspect))))
        high = min(height, round(float(np.sqrt(share * width * height / aspect))))
        left, top = int(drawn.integers(width - wide + 1)), int(drawn.integers(height - high + 1))
        image = image.crop((left, top, left + wide, top + high)).resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
        if drawn.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        tensor = torch.from_numpy(np.array(image, copy=True)).permute(2, 0, 1).contiguous().float().div(255)
        return tensor.sub_(torch.from_numpy(MEAN)[:, None, None]).div_(torch.from_numpy(SPREAD)[:, None, None])

    return Loader("pillow, as torchvision", one)


def _opencv(files: Sequence[Path]) -> Loader:
    steps = [albumentations.RandomResizedCrop(size=(SIDE_PX, SIDE_PX), scale=(0.08, 1.0)), albumentations.HorizontalFlip(p=0.5)]
    pipeline = albumentations.Compose([*steps, albumentations.Normalize()])

    def one(number: int) -> torch.Tensor:
        """A normalised tensor."""
        image = cv2.cvtColor(cv2.imread(str(files[number])), cv2.COLOR_BGR2RGB)
        return torch.from_numpy(pipeline(image=image)["image"].transpose(2, 0, 1).copy())

    return Loader("albumentations, opencv", one)


def _model_image(file: Path) -> np.ndarray:
    form = form_for_model(NEWEST, SIDE_PX)
    return model_image(decode(file.read_bytes(), Limits(), form).pixels, SIDE_PX)


def _ours(files: Sequence[Path]) -> Loader:
    policy = policy_of(STEPS, ())
    return Loader("ours", lambda number: torch.from_numpy(policy.view(_model_image(files[number]), number)))


def _three_views(files: Sequence[Path]) -> Loader:
    policy = policy_of(STEPS, ())

    def one(number: int) -> list[torch.Tensor]:
        """Views of one file, which is read once."""
        image = _model_image(files[number])
        return [torch.from_numpy(policy.view(image, number * VIEWS + view)) for view in range(VIEWS)]

    return Loader(f"ours, {VIEWS} views a reading", one, VIEWS)


def _held(files: Sequence[Path]) -> Loader:
    policy, images = policy_of(STEPS, ()), [_model_image(one) for one in files]
    return Loader("ours, held", lambda number: torch.from_numpy(policy.view(images[number], number)))


def _tell_training(files: Sequence[Path]) -> None:
    os.environ["WANDB_MODE"] = "disabled"
    with tempfile.TemporaryDirectory(prefix="nightlens-train-") as folder:
        os.environ["NIGHTLENS_HOME"] = folder
        nights = class_nights(Path(folder), files, 0, {"augmented_views": VIEWS})
        nights.until("build_dataset_version", FIRST)
        first_s, trained = _timed(lambda: nights.run("train_model", FIRST))
        judged = [nights.run(stage, FIRST) for stage in ("export_model", "evaluate_model")][-1]
        version = nights.store.read(DatasetImage, FIRST).filter(pl.col("class_name").is_not_null())
        plain_s, plain_score = _plain_script(nights, version, trained["epochs"])
        forced = CycleArguments(training="force")
        nights.until("build_dataset_version", SECOND, cycle_arguments=forced)
        next_s, _ = _timed(lambda: nights.run("train_model", SECOND, cycle_arguments=forced))
    shown = f"{trained['train_images']} images, {VIEWS} views each, {trained['epochs']} epochs"
    print(f"training of {shown}: seconds of processor time, balanced accuracy on {judged['test_images']} test images")
    print(f"  plain Lightning script: {plain_s:.1f} s, {plain_score:.3f}")
    print(f"  train_model, nothing stored: {first_s:.1f} s, {judged['score']:.3f}")
    print(f"  train_model, as on the next night: {next_s:.1f} s")
    for words, seconds in (("nothing stored", first_s), ("next night", next_s)):
        ratio = seconds / plain_s
        print(f"  {words}: {ratio:.2f} × the script's time, at most {MOST:g}: {'kept' if ratio <= MOST else 'MISSED'}")


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def _plain_script(nights: ClassNights, version: pl.DataFrame, epochs: int) -> tuple[float, float]:
    """Embed views in torch, fit a linear layer with Lightning; processor seconds and balanced accuracy on test."""
    names = sorted(set(version["class_name"]))
    rows = {split: version.filter(split=split) for split in ("train", "val", "test")}
    paths = {split: [nights.paths[one] for one in rows[split]["image_id"]] for split in rows}
    labels = {split: [names.index(one) for one in rows[split]["class_name"]] for split in rows}
    network = nights.open_backbone(nights.folder).load_network().eval()
    began = time.process_time()
    drawn = [_embedded(network, _uint8_views(paths["train"])) for _ in range(1 + VIEWS)]
    data = TensorDataset(torch.cat(drawn), torch.tensor(labels["train"] * (1 + VIEWS)))
    val = TensorDataset(_embedded(network, _uint8_views(paths["val"])), torch.tensor(labels["val"]))
    head = _Head(drawn[0].shape[1], len(names))
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(head, DataLoader(data, BATCH, shuffle=True), DataLoader(val, BATCH))
    seconds = time.process_time() - began
    with torch.no_grad():
        found = head.eval()(_embedded(network, _plain_images(paths["test"]))).argmax(1).numpy()
    truth = np.array(labels["test"])
    return seconds, float(np.mean([np.mean(found[truth == one] == one) for one in np.unique(truth)]))


def _uint8_views(files: Sequence[Path]) -> _Images:
    """Random crops and mirrors by albumentations on OpenCV; the network normalises."""
    steps = [albumentations.RandomResizedCrop(size=(SIDE_PX, SIDE_PX), scale=(0.3, 1.0)), albumentations.HorizontalFlip(p=0.5)]
    pipeline = albumentations.Compose(steps)
    return _Images(files, lambda file: pipeline(image=cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB))["image"])


def _plain_images(files: Sequence[Path]) -> _Images:
    return _Images(files, _model_image)


class _Images(Dataset[torch.Tensor]):
    """Images of a plain script."""

    def __init__(self, files: Sequence[Path], read: Callable[[Path], np.ndarray]) -> None:
        self.files, self.read = files, read

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(self.read(self.files[number])))


def _embedded(network: nn.Module, images: _Images) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([network(batch) for batch in DataLoader(images, 32)])


class _Head(lightning.LightningModule):
    """A linear layer."""

    def __init__(self, dimensions: int, classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(dimensions, classes)

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.layer(embeddings)

    def training_step(self, batch: list[torch.Tensor], number: int) -> torch.Tensor:
        """Cross-entropy."""
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch: list[torch.Tensor], number: int) -> None:
        """Cross-entropy, as a script shows it."""
        nn.functional.cross_entropy(self(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW."""
        return torch.optim.AdamW(self.parameters(), lr=3e-3, weight_decay=1e-2)


if __name__ == "__main__":
    main()
