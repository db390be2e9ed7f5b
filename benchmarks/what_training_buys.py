"""Gains of each way of training on a folder of labelled images: balanced accuracy on test images, interval, seconds.

    python -m benchmarks.what_training_buys                       tiles of NIGHTLENS_DATA, by default ../shared/data
    python -m benchmarks.what_training_buys FOLDER --splits 3 --images 300 --trials 20 --epochs 6

For each split a third of the groups is test, and of the rest about `--images` images are drawn for training and validation, as in
`benchmarks.search`. Each row is trained as a night trains: `default` is a project without settings; `frozen, 8 views` is the same
with more views; `unfrozen` trains the backbone too for `--epochs` epochs, and keeps it if validation says so; `searched` has the
settings that a search of the training images alone has chosen (the default where its proof does not hold). The difference is that
with `default` on the same test images; its bounds are a bootstrap of 95 % over groups, of one split and of all together, where each
split draws its own images. Test images meet finished models alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.search import OWN, VAL_PART, embedded, searched
from pipeline_tasks.augmentations.policy import FOR_WHOLE_IMAGES, policy_of
from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.models.cross_validation import with_views
from pipeline_tasks.models.folds import group_folds, rows_of
from pipeline_tasks.models.head_training import EmbeddedImages
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.live_training import Images
from pipeline_tasks.models.training import Material, Outcome, train
from pipeline_tasks.settings import BackboneSettings, TrainingSettings
from pipeline_tasks.settings.search import changed_training

CONFIDENCE, SAMPLES = 0.95, 4000
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """A folder of labelled images."""

    files: Sequence[Path]
    names: tuple[str, ...]
    everything: EmbeddedImages
    backbone: Backbone

    def images(self, rows: Numbers) -> npt.NDArray[np.uint8]:
        """Model-size images of these rows."""
        return np.stack([model_image(decode(self.files[row].read_bytes(), Limits()).pixels, self.side_px) for row in rows])

    @property
    def side_px(self) -> int:
        """Side of the model-size image."""
        return BackboneSettings().side_px


@dataclass(frozen=True)
class Sides:
    """Rows of plain images: for training and validation, and for the test."""

    learnt: Numbers
    test: Numbers
    seed: int


@dataclass(frozen=True)
class Row:
    """One way of training on one split."""

    named: Numbers
    """Class of each test image."""
    seconds: float
    note: str = ""


def main(words: Sequence[str] | None = None) -> None:
    """Print a table for each split, and one of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("NIGHTLENS_DATA", "../shared/data"))
    parser.add_argument("folder", type=Path, nargs="?", default=data / "tiles" / "images")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-search")
    given = parser.parse_args(words)
    names, everything = embedded(given.folder, given.cache)
    world = World(sorted(given.folder.glob("*/*.jpg")), names, everything, open_backbone(BackboneSettings(), given.cache))
    print(f"{given.folder}: {everything.plain_count} images, {len(names)} names, {given.images} images each")
    ways = _ways(world, given.trials, given.epochs)
    draws: dict[str, list[Floats]] = {name: [] for name in ways}
    for seed in range(given.splits):
        sides = _sides(world, given.images, seed)
        print(f"split {seed}: {len(sides.learnt)} images to learn from, {len(sides.test)} test images")
        told = {name: way(sides) for name, way in ways.items()}
        for name, row in told.items():
            draws[name].append(_drawn(world, sides, row))
            print(
                f"  {_words(name, [draws[name][-1]], [draws['default'][-1]])}, {row.seconds:.0f} s of processor{row.note}",
                flush=True,
            )
    print(f"mean of {given.splits} splits")
    for name, found in draws.items():
        print(f"  {_words(name, found, draws['default'])}")


def _ways(world: World, trials: int, epochs: int) -> dict[str, Callable[[Sides], Row]]:
    return {
        "default": lambda sides: _trained(world, sides, OWN),
        "unfrozen": lambda sides: _trained(world, sides, OWN.model_copy(update={"unfreeze_epochs": epochs})),
        "searched": lambda sides: _searched(world, sides, trials),
    }


def _words(name: str, found: Sequence[Floats], own: Sequence[Floats]) -> str:
    """Mean over splits, and difference with the default; the first draw of each is the figure itself."""
    figures, defaults = np.mean(found, axis=0), np.mean(own, axis=0)
    bounds = percentile_interval(figures[1:] - defaults[1:], CONFIDENCE)
    difference = f", {figures[0] - defaults[0]:+.3f} ({bounds.low:+.3f} to {bounds.high:+.3f})" if name != "default" else ""
    return f"{name:>9}: {figures[0]:.3f}{difference}"


def _drawn(world: World, sides: Sides, row: Row) -> Floats:
    """Balanced accuracy as it is, then in each bootstrap sample of the test's groups; the same samples for each way."""
    truth, groups = world.everything.targets[sides.test], world.everything.groups[sides.test]
    numbers = np.unique(groups, return_inverse=True)[1]
    shown = np.eye(len(world.names))[truth]
    of_group = [sum_by_group(one, numbers, int(numbers.max()) + 1) for one in (shown * (row.named == truth)[:, None], shown)]
    drawn = draw_groups(len(of_group[0]), SAMPLES, sides.seed)
    drawn = np.concatenate([np.ones((1, drawn.shape[1])), drawn])
    return np.nanmean(ratio_draws(drawn, *of_group), axis=1)


def _sides(world: World, images: int, seed: int) -> Sides:
    """As `benchmarks.search` splits."""
    everything, count = world.everything, world.everything.plain_count
    is_test = group_folds(everything, 3, seed) == 0
    pool = rows_of(everything, ~is_test)
    is_learnt = np.zeros(len(is_test), bool)
    is_learnt[~is_test] = group_folds(pool, max(1, round(pool.plain_count / images)), seed + 1) == 0
    return Sides(np.flatnonzero(is_learnt[:count]), np.flatnonzero(is_test[:count]), seed)


def _learnt(world: World, sides: Sides) -> EmbeddedImages:
    """Plain rows and those of their views."""
    count, own = world.everything.plain_count, np.zeros(len(world.everything.targets), bool)
    own[sides.learnt] = True
    for view in range(OWN.augmented_views):
        own[count + sides.learnt * OWN.augmented_views + view] = True
    return rows_of(world.everything, own)


def _trained(world: World, sides: Sides, settings: TrainingSettings) -> Row:
    """Train as a night does, and name the test images."""
    began = time.process_time()
    used = with_views(_learnt(world, sides), OWN.augmented_views, settings.augmented_views)
    is_val, is_plain = group_folds(used, VAL_PART, sides.seed) == 0, np.arange(len(used.targets)) < used.plain_count
    train_side, val_side = rows_of(used, ~is_val), rows_of(used, is_val & is_plain)
    material = Material(train_side, val_side)
    if settings.unfreeze_epochs:
        is_val_image = is_val[: used.plain_count]
        images = [world.images(sides.learnt[one]) for one in (~is_val_image, is_val_image)]
        targets = [world.everything.targets[sides.learnt[one]] for one in (~is_val_image, is_val_image)]
        material = Material(train_side, val_side, Images(images[0], targets[0]), Images(images[1], targets[1]))
    modelling, policy = ClassModelling(world.names), policy_of(settings.augmentation, FOR_WHOLE_IMAGES)
    with tempfile.TemporaryDirectory() as folder:
        outcome = train(
            *(material, modelling, settings, policy),
            seed=sides.seed,
            journal=Journal(),
            folder=Path(folder),
            load_network=world.backbone.load_network,
        )
    seconds = time.process_time() - began
    named = modelling.outputs(outcome.head, _test_embeddings(world, sides, outcome)).argmax(axis=1)
    kept = "" if not settings.unfreeze_epochs or outcome.backbone_weights else "; validation kept the frozen backbone"
    return Row(np.asarray(named, np.int64), seconds, kept)


def _test_embeddings(world: World, sides: Sides, outcome: Outcome) -> npt.NDArray[np.float32]:
    if not outcome.backbone_weights:
        return world.everything.embeddings[sides.test]
    network = world.backbone.load_network().eval()
    network.load_state_dict({name: torch.from_numpy(np.array(one)) for name, one in outcome.backbone_weights.items()}, strict=False)
    with torch.no_grad():
        return np.concatenate([network(torch.from_numpy(world.images(sides.test[[at]]))).numpy() for at in range(len(sides.test))])


def _searched(world: World, sides: Sides, trials: int) -> Row:
    """The chosen settings of a search of the training images, trained."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        best, holds, _ = searched(ClassModelling(world.names), _learnt(world, sides), trials, sides.seed, Path(folder))
    seconds = time.process_time() - began
    row = _trained(world, sides, changed_training(OWN, best.values) if holds else OWN)
    return Row(row.named, seconds + row.seconds, "; its best trial is proven" if holds else "; not proven, so the default stays")


if __name__ == "__main__":
    main()
