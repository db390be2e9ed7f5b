"""The default detector on a folder of Pascal VOC boxes: AP by COCO's own tool, parity of the exported file, and its speed.

    python -m benchmarks.detector FOLDER [--sizes 50 all] [--seeds 5]

A fifth of the images, drawn anew with each seed, is the test set; another fifth validates, which chooses the epoch and nothing
else; of the rest so many are trained on. Recipes and settings are the product's own, and files are made and run as the product
does. The trivial baseline tells the mean box of each class everywhere. Maps are kept in `--cache`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.voc_boxes import VocImage, VocSet, read_voc
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.backbones.trunk import Trunk
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image, recipe_digest
from pipeline_tasks.decoding.placed_image import placed_image
from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.boxes.modelling import BoxModelling
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.models.augmentation import augmented_view
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ExportedModel, ModelMarks
from pipeline_tasks.models.exporting import export_model_bytes
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.map_training import MapExamples, train_maps
from pipeline_tasks.models.parity import check_parity
from pipeline_tasks.models.placed_views import placed_view
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.settings import BackboneSettings, TrainingSettings

PARITY_IMAGES = 50
Found = dict[int, tuple[Box, ...]]


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/cells"))
    parser.add_argument("--sizes", nargs="+", default=["50", "all"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-detector")
    given = parser.parse_args(words)
    told = read_voc(given.folder)
    boxes = sum(len(one.boxes.corners) for one in told.images)
    print(f"{given.folder}: {len(told.images)} images, {boxes} boxes; {told.degenerate} boxes without an area left out")
    bench = Bench(told, given.cache)
    for size in given.sizes:
        rows = [bench.run(size, seed) for seed in range(given.seeds)]
        for seed, row in enumerate(rows):
            print(f"{size:>5} seed {seed}: {_figures(row)}", flush=True)
        print(f"{size:>5} median: {_figures(np.median(rows, axis=0))}", flush=True)


def _figures(row: Sequence[float]) -> str:
    precision, at_half, base, base_half, seconds, milliseconds = row
    return (
        f"AP {precision:.3f}, AP50 {at_half:.3f} (mean boxes {base:.3f}, {base_half:.3f}); "
        f"{seconds:.0f} s of processor to train, {milliseconds:.0f} ms an image on one core"
    )


class Bench:
    """One set, its feature maps, and trainings on it."""

    def __init__(self, told: VocSet, cache: Path) -> None:
        """Open the backbone; maps are made when first wanted."""
        self.told, self.cache, self.side_px = told, cache, BackboneSettings().map_side_px
        self.backbone = open_backbone(BackboneSettings(), cache)
        self.trunk: Trunk = self.backbone.trunk(self.side_px)
        self.kind = BoxKind(told.class_names)
        self.modelling = BoxModelling(told.class_names)

    def run(self, size: str, seed: int) -> list[float]:
        """AP and AP50 of model and baseline, processor seconds of training, milliseconds an image."""
        test, val, train = self._split(seed, size)
        content, seconds = self._trained(train, val, seed)
        model = ExportedModel(content)
        began = time.process_time()
        found = {at: model.objects(self._image(self.told.images[at]), self.told.images[at].size_px) for at in test}
        spent = (time.process_time() - began) / len(test) * 1000
        mean = self._mean_boxes(train)
        return [*self._precision(test, found), *self._precision(test, dict.fromkeys(test, mean)), seconds, spent]

    def _split(self, seed: int, size: str) -> tuple[list[int], list[int], list[int]]:
        order = np.random.default_rng(seed).permutation(len(self.told.images)).tolist()
        fifth = len(order) // 5
        train = order[2 * fifth :]
        return order[:fifth], order[fifth : 2 * fifth], train if size == "all" else train[: int(size)]

    def _trained(self, train: list[int], val: list[int], seed: int) -> tuple[bytes, float]:
        """The exported file, checked against PyTorch, and the processor's seconds for the training of its head."""
        objects = [self.told.images[at].boxes for at in train]
        how = self.modelling.training(TrainingSettings(), objects, [self.told.images[at].boxes for at in val])
        examples, held_out = self._examples(train, how.views), self._examples(val, 0)
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            shapes, journal = self.trunk.shapes, Journal()
            fitted = train_maps(examples, held_out, shapes, self.modelling, how, seed=seed, journal=journal, folder=Path(folder))
        seconds = time.process_time() - began
        marks = ModelMarks(self.kind, self.trunk.digest, recipe_digest(self.side_px, WHOLE), self.side_px, "d" * 64)
        candidate = Candidate(marks, self.modelling.head_arrays(fitted.network, self.trunk.shapes))
        content = export_model_bytes(candidate, self.trunk.onnx_bytes)
        images = np.stack([self._image(self.told.images[at]) for at in val[:PARITY_IMAGES]])
        parity = check_parity(candidate, self.trunk.load_network(), ExportedModel(content), images)
        said = f"scores differ by at most {parity.max_difference:.1e}"
        print(f"      parity with PyTorch on {parity.images} images: {said}", flush=True)
        return content, seconds

    def _image(self, one: VocImage) -> np.ndarray:
        return model_image(decode(one.path.read_bytes(), Limits()).pixels, self.side_px, WHOLE)

    def _examples(self, numbers: list[int], views: int) -> MapExamples:
        maps, targets = [], []
        for view in range(1 + views):
            for at in numbers:
                one = self.told.images[at]
                seed = derive_seed(0, "place", one.path.name, str(view))
                placement = placed_view(*one.size_px, self.side_px, seed) if view else whole_image(*one.size_px, self.side_px)
                maps.append(self._maps(one, view, placement))
                targets.append(self.modelling.placed(one.boxes, placement, self.trunk.shapes))
        return MapExamples(np.stack(maps), np.stack(targets))

    def _maps(self, one: VocImage, view: int, placement: object) -> np.ndarray:
        file = self.cache / f"{self.trunk.digest[:16]}-{one.path.stem}-{view}.npy"
        if not file.exists():
            image = placed_image(decode(one.path.read_bytes(), Limits()).pixels, placement)  # type: ignore[arg-type]
            if view:
                image = augmented_view(image, derive_seed(0, "light", one.path.name, str(view)), may_move=False)
            np.save(file, self.trunk.maps(image))
        return np.load(file)

    def _mean_boxes(self, train: list[int]) -> tuple[Box, ...]:
        corners = np.concatenate([self.told.images[at].boxes.corners for at in train])
        numbers = np.concatenate([self.told.images[at].boxes.class_numbers for at in train])
        means = [(name, corners[numbers == number].mean(axis=0)) for number, name in enumerate(self.told.class_names)]
        return tuple(Box(name, one[0], one[1], one[2] - one[0], one[3] - one[1], confidence=1.0) for name, one in means)

    def _precision(self, test: list[int], found: Found) -> list[float]:
        """AP and AP50 by pycocotools."""
        names = {name: number for number, name in enumerate(self.told.class_names)}
        truths = []
        for at in test:
            boxes = self.told.images[at].boxes
            for box, number in zip(boxes.corners, boxes.class_numbers, strict=True):
                width, height = (box[2:] - box[:2]).tolist()
                row = {"image_id": at, "category_id": int(number), "bbox": [box[0], box[1], width, height], "area": width * height}
                truths.append(row)
        told = [
            [at, box.x_min_px, box.y_min_px, box.width_px, box.height_px, box.confidence or 0, names[box.class_name]]
            for at, boxes in found.items()
            for box in boxes
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO()
            truth.dataset = {
                "images": [{"id": at} for at in test],
                "categories": [{"id": number} for number in names.values()],
                "annotations": [one | {"id": 1 + at, "iscrowd": 0} for at, one in enumerate(truths)],
            }
            truth.createIndex()
            judged = COCOeval(truth, truth.loadRes(np.array(told)), "bbox")
            judged.evaluate()
            judged.accumulate()
            judged.summarize()
        return [float(judged.stats[0]), float(judged.stats[1])]


if __name__ == "__main__":
    main()
