"""The default model of keypoints on drawn things: its score with intervals, processor seconds, parity of the exported file.

    python -m benchmarks.keypoints [--sizes 50 200] [--seeds 3]

Images are drawn anew for each seed: 100 for the test, 50 that choose the epoch, and so many to train on. Recipes, settings and
scoring are the product's own, and files are made and run as the product does. Maps are kept in `--cache`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.drawn_things import EDGES, HIGH, MIRRORED_PAIRS, POINTS, WIDE, Pixels, drawn_image
from pipeline_tasks.augmentations.policy import FOR_PLACES, policy_of
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.decoding.placed_image import placed_image
from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.intervals.bootstrap import draw_groups
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.kinds.keypoints.keypoint_kind import KeypointKind
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ExportedModel, ModelMarks
from pipeline_tasks.models.exporting import export_model_bytes
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.map_training import MapExamples, train_maps
from pipeline_tasks.models.parity import check_parity
from pipeline_tasks.models.placed_views import placed_view
from pipeline_tasks.settings import BackboneSettings, TrainingSettings

TEST, VAL = 100, 50
MOST_TRAINED = 10_000
"""Numbers that each seed has for its images."""
SAMPLES = 1000
LIGHT = policy_of(None, FOR_PLACES).unmoving
OPTIONS = {
    "skeleton": {name: list(points) for name, points in POINTS.items()},
    "edges": {name: [list(pair) for pair in pairs] for name, pairs in EDGES.items()},
    "mirrored_pairs": {name: [list(pair) for pair in pairs] for name, pairs in MIRRORED_PAIRS.items()},
    "things": "boxes",
}


@dataclass(frozen=True)
class Drawn:
    """One drawn image with its things."""

    number: int
    pixels: Pixels
    things: list[Skeleton]


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[50, 200])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-keypoints")
    given = parser.parse_args(words)
    bench = Bench(given.cache)
    for size in given.sizes:
        for seed in range(given.seeds):
            print(f"{size:>5} images, seed {seed}: {bench.run(size, seed)}", flush=True)


class Bench:
    """Drawn images, their feature maps, and trainings on them."""

    def __init__(self, cache: Path) -> None:
        """Open the backbone; maps are made when first wanted."""
        self.cache, self.side_px = cache, BackboneSettings().map_side_px
        self.trunk = open_backbone(BackboneSettings(), cache).trunk(self.side_px)
        self.kind = KeypointKind(tuple(POINTS), options=OPTIONS)
        self.modelling = self.kind.modelling

    def run(self, size: int, seed: int) -> str:
        """Train on `size` images, judge on others."""
        first = MOST_TRAINED * (1 + seed)
        images = [Drawn(number, *drawn_image(number)) for number in range(first, first + TEST + VAL + size)]
        test, val, train = images[:TEST], images[TEST : TEST + VAL], images[TEST + VAL :]
        content, seconds, parity = self._trained(train, val, seed)
        model = ExportedModel(content)
        began = time.process_time()
        found = [model.objects(self._image(one), (WIDE, HIGH)) for one in test]
        spent = (time.process_time() - began) / TEST * 1000
        score = self._score(test, found)
        return f"{score}; {seconds:.0f} s of processor to train, {spent:.0f} ms an image on one core; parity {parity:.1e}"

    def _trained(self, train: list[Drawn], val: list[Drawn], seed: int) -> tuple[bytes, float, float]:
        shapes, objects = self.trunk.shapes, [self.modelling.objects(rows_of(one)) for one in (train, val)]
        how = self.modelling.training(TrainingSettings(), *objects)
        examples, held_out = self._examples(train, objects[0], how.views), self._examples(val, objects[1], 0)
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            fitted = train_maps(examples, held_out, shapes, self.modelling, how, seed=seed, journal=Journal(), folder=Path(folder))
        seconds = time.process_time() - began
        marks = ModelMarks(self.kind, self.trunk.digest, recipe_digest(self.side_px, WHOLE), self.side_px, "d" * 64)
        candidate = Candidate(marks, self.modelling.head_arrays(fitted.network, shapes))
        content = export_model_bytes(candidate, self.trunk.onnx_bytes)
        images = np.stack([self._image(one) for one in val])
        return content, seconds, check_parity(candidate, self.trunk.load_network(), ExportedModel(content), images).max_difference

    def _image(self, one: Drawn) -> Pixels:
        return model_image(one.pixels, self.side_px, WHOLE)

    def _examples(self, images: list[Drawn], objects: Sequence[object], views: int) -> MapExamples:
        maps, targets = [], []
        for view in range(1 + views):
            for one, things in zip(images, objects, strict=True):
                seed = one.number * 100 + view
                placement = placed_view(WIDE, HIGH, self.side_px, seed).placement if view else whole_image(WIDE, HIGH, self.side_px)
                file = self.cache / f"{self.trunk.digest[:16]}-{one.number}-{view}.npy"
                if not file.exists():
                    image = placed_image(one.pixels, placement)
                    np.save(file, self.trunk.maps(LIGHT.view(image, seed) if view else image))
                maps.append(np.load(file))
                targets.append(self.modelling.placed(things, placement, self.trunk.shapes))
        return MapExamples(np.stack(maps), np.stack(targets))

    def _score(self, test: list[Drawn], found: list[tuple[Skeleton, ...]]) -> str:
        """The score and its baseline with 95 % intervals over images, in the words of the kind."""
        scoring, rows = self.kind.scoring, rows_of(test)
        mine = scoring.match(scoring.prediction_rows("m" * 64, rows["image_id"].to_list(), found), rows, "m" * 64)
        basis, draws = scoring.basis(mine, 1), draw_groups(mine.group_count, SAMPLES, 0)
        said = []
        for words, matches in ((scoring.names.words, mine), (scoring.names.baseline_words, scoring.baseline(mine))):
            score = scoring.score(matches, basis, draws)
            interval = score.interval(0.95)
            said.append(f"{words} {score.value:.3f} ({interval.low:.3f} to {interval.high:.3f})")
        return ", ".join(said)


def rows_of(images: list[Drawn]) -> pl.DataFrame:
    """The images as rows of a version, without boxes around things."""
    labeling = KeypointKind(tuple(POINTS), options=OPTIONS).labeling
    rows = []
    for one in images:
        columns = [vars(labeling.as_columns(thing)) for thing in one.things]
        objects = [{name: row[name] for name in OBJECT_COLUMNS} | {"object_index": at} for at, row in enumerate(columns)]
        image_id = f"{one.number:064x}"
        rows.append({"image_id": image_id, "split_group_id": image_id, "objects": objects, "width_px": WIDE, "height_px": HIGH})
    return pl.DataFrame(rows, infer_schema_length=None)


if __name__ == "__main__":
    main()
