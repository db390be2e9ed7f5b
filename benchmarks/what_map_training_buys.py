"""Gains of each way of training on boxes and on masks: the kind's score on test images, interval, seconds.

    python -m benchmarks.what_map_training_buys FOLDER box|mask [--images 100] [--splits 2] [--trials 20] [--skip unet]

Splits are those of `benchmarks.map_heads`. `default` is the head of a project without settings; `searched` has the settings that a
search of the training images alone has chosen, as `benchmarks.search` does it (the default where its proof does not hold); `unet`,
for masks, trains all weights from the pixels. Each meets the test images once, as an exported file. The difference is that with
`default` on the same test images; its bounds are a bootstrap of 95 % over groups, of one split and of all together.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from benchmarks.known_folders import read_known
from benchmarks.map_heads import MapBench, Sides
from benchmarks.search import Hopeless, Values, searched_by
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.backbones.onnx_export import export_onnx
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.models.candidate import Candidate, network_arrays
from pipeline_tasks.models.cross_validation import Judged
from pipeline_tasks.models.exported import ExportedModel, ModelMarks
from pipeline_tasks.models.exporting import export_model_bytes
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.map_cross_validation import MapFolds, maps_cross_validated, most_views
from pipeline_tasks.models.network_training import SquareExamples, train_network
from pipeline_tasks.networks.unet import UNet
from pipeline_tasks.search.space import FOR_PLACES
from pipeline_tasks.settings import BackboneSettings, TrainingSettings
from pipeline_tasks.settings.search import changed_training

CONFIDENCE, SAMPLES, MIN_IMAGES = 0.95, 2000, 3
Floats = npt.NDArray[np.float64]
KINDS: dict[str, Callable[[tuple[str, ...]], Kind]] = {"box": BoxKind, "mask": MaskKind}


@dataclass(frozen=True)
class Way:
    """One way of training on one split."""

    model: ExportedModel
    seconds: float
    """Of processor; feature maps that were kept from before are not in it."""
    note: str = ""


def main(words: Sequence[str] | None = None) -> None:
    """Print a table for each split, and one of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--images", default="100")
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-map-heads")
    given = parser.parse_args(words)
    told = read_known(given.folder, given.kind)
    bench = MapBench(told.images, KINDS[given.kind](told.class_names), given.cache)
    ways = {"default": trained, "searched": lambda bench, sides, seed: _searched(bench, sides, seed, given.trials)}
    ways |= {"unet": _unet} if given.kind == "mask" else {}
    wanted = {name: way for name, way in ways.items() if name not in given.skip}
    draws: dict[str, list[Floats]] = {name: [] for name in wanted}
    for seed in range(given.splits):
        sides = bench.sides(given.images, seed)
        print(f"split {seed}: {len(sides.train)} images train, {len(sides.val)} validate, {len(sides.test)} test", flush=True)
        for name, way in wanted.items():
            row = way(bench, sides, seed)
            draws[name].append(_drawn(bench, sides, row.model, seed))
            told_row = _words(name, [draws[name][-1]], [draws["default"][-1]])
            print(f"  {told_row}, {row.seconds:.0f} s of processor{row.note}", flush=True)
    print(f"mean of {given.splits} splits")
    for name, found in draws.items():
        print(f"  {_words(name, found, draws['default'])}")


def _words(name: str, found: Sequence[Floats], own: Sequence[Floats]) -> str:
    """Mean over splits, and difference with the default; the first draw of each is the figure itself."""
    figures, defaults = np.mean(found, axis=0), np.mean(own, axis=0)
    bounds = percentile_interval(figures[1:] - defaults[1:], CONFIDENCE)
    difference = f", {figures[0] - defaults[0]:+.3f} ({bounds.low:+.3f} to {bounds.high:+.3f})" if name != "default" else ""
    return f"{name:>9}: {figures[0]:.3f}{difference}"


def trained(bench: MapBench, sides: Sides, seed: int, settings: TrainingSettings | None = None) -> Way:
    """Train the kind's head as a night does."""
    began, bench.settings = time.process_time(), settings or TrainingSettings()
    model = bench.train(sides, seed).model
    return Way(model, time.process_time() - began)


def _searched(bench: MapBench, sides: Sides, seed: int, trials: int) -> Way:
    """The chosen settings of a search of the images that are not test, trained."""
    began = time.process_time()
    learnt = sides.train + sides.val
    numbers = np.unique([bench.images[at].group for at in learnt], return_inverse=True)[1].astype(np.int64)
    objects = [bench.images[at].objects for at in learnt]

    def judge(values: Values, folds: int, seed: int, hopeless: Hopeless) -> Judged:
        settings = changed_training(TrainingSettings(), values)
        divided = MapFolds(numbers, objects, folds, seed)
        examples = bench.examples(learnt, most_views(divided, bench.modelling, settings))
        given = divided, examples, bench.trunk.shapes, bench.modelling, settings, bench.kind.scoring.names.metric
        with tempfile.TemporaryDirectory() as folder:
            return maps_cross_validated(*given, Path(folder), hopeless)

    best, holds, pruned = searched_by(judge, FOR_PLACES, trials, seed)
    seconds = time.process_time() - began
    way = trained(bench, sides, seed, changed_training(TrainingSettings(), best.values) if holds else None)
    proven = f"proven {dict(best.values)}" if holds else "not proven, so the default stays"
    return Way(way.model, seconds + way.seconds, f"; {pruned} of {trials} trials ended early; the best is {proven}")


def _unet(bench: MapBench, sides: Sides, seed: int) -> Way:
    """A U-Net on the backbone, all weights trained."""
    began = time.process_time()
    network = UNet(bench.kind, open_backbone(BackboneSettings(), bench.cache), bench.side_px)
    objects = [[bench.images[at].objects for at in some] for some in (sides.train, sides.val)]
    how = network.training(TrainingSettings(), *objects)
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        fitted = train_network(
            *(network.new(), _squares(bench, network, sides.train, how.views), _squares(bench, network, sides.val, 0)),
            *(network.objective(), how),
            seed=seed,
            journal=Journal(),
            folder=Path(folder),
            settings=TrainingSettings().fit,
            rate_ratio=network.rate_ratio,
        )
    recipe = recipe_digest(network.side_px, WHOLE)
    marks = ModelMarks(bench.kind, network.digest, recipe, network.side_px, "d" * 64, network=network.name)
    candidate, names = Candidate(marks, network_arrays(fitted.network)), bench.kind.decoding.output_names
    graph = export_onnx(network.final(fitted.network), network.side_px, names)
    model = ExportedModel(export_model_bytes(candidate, graph))
    return Way(model, time.process_time() - began, f"; best epoch {fitted.best_epoch + 1}")


def _squares(bench: MapBench, network: UNet, numbers: Sequence[int], views: int) -> SquareExamples:
    """Whole images, then their views, as a night draws them."""
    placed = [(at, bench.square(at, view)) for view in range(1 + views) for at in numbers]
    targets = [network.placed(bench.images[at].objects, placement) for at, (_, placement) in placed]
    return SquareExamples(np.stack([square for _, (square, _) in placed]), np.stack(targets))


def _drawn(bench: MapBench, sides: Sides, model: ExportedModel, seed: int) -> Floats:
    """The score as it is, then in each bootstrap sample of the test's groups; the same samples for each way."""
    found, _ = bench.found(model, sides.test)
    scoring, ids = bench.kind.scoring, {at: f"{at:08d}" for at in sides.test}
    rows = scoring.prediction_rows("m", list(ids.values()), [found[at] for at in sides.test])
    matches = scoring.match(rows, _truth(bench, ids), "m")
    score = scoring.score(matches, scoring.basis(matches, MIN_IMAGES), draw_groups(matches.group_count, SAMPLES, seed))
    return np.concatenate([[score.value], score.draws])


def _truth(bench: MapBench, ids: dict[int, str]) -> pl.DataFrame:
    """Rows as a dataset version has them."""
    labels = [bench.images[at].labels for at in ids]
    objects = bench.kind.scoring.prediction_rows("t", list(ids.values()), labels)
    held = objects.group_by("image_id").agg(objects=pl.struct(pl.exclude("image_id", "model_digest", "confidence")))
    images = [
        {"image_id": name, "split_group_id": bench.images[at].group, "width_px": size[0], "height_px": size[1]}
        for at, name in ids.items()
        for size in [bench.images[at].size_px]
    ]
    return pl.DataFrame(images).join(held, on="image_id", how="left").sort("image_id")


if __name__ == "__main__":
    main()
