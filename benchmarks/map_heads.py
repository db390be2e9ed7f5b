"""Trainings of a head over feature maps on a set whose objects are known, as the product trains, exports and runs it.

A fifth of the images, drawn anew with each seed, is the test set; another fifth validates, which chooses the epoch and nothing
else; of the rest so many are trained on. Images of one group are on one side. Maps of images and views are kept in a folder.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.known_folders import KnownImage
from pipeline_tasks.augmentations.policy import FOR_PLACES, policy_of
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.backbones.trunk import Trunk
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.decoding.placed_image import placed_image
from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling, MapTraining
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ExportedModel, ModelMarks
from pipeline_tasks.models.exporting import export_model_bytes
from pipeline_tasks.models.fitting import Fitted
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.map_training import MapExamples, train_maps
from pipeline_tasks.models.parity import check_parity
from pipeline_tasks.models.placed_views import DEFAULT_MOVES, placed_view
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.settings import BackboneSettings, TrainingSettings

PARITY_IMAGES = 50
TIMED_VIEWS = 8
LIGHT = policy_of(None, FOR_PLACES).unmoving


@dataclass(frozen=True)
class Sides:
    """Numbers of the images on each side of a split."""

    test: list[int]
    val: list[int]
    train: list[int]


@dataclass(frozen=True)
class Trained:
    """One training with its cost."""

    model: ExportedModel
    fitted: Fitted
    how: MapTraining
    view_s: float
    """Processor seconds for the maps of all images and views, as if none were kept: a few are timed."""
    fit_s: float
    """Processor seconds of the fit, with its validation."""
    val_s: float
    """Part of it for validation."""
    parity: float
    """Greatest difference between PyTorch and the exported file."""


class MapBench:
    """One set, its feature maps, and trainings on it."""

    def __init__(
        self,
        images: Sequence[KnownImage],
        kind: Kind,
        cache: Path,
        side_px: int | None = None,
        *,
        settings: TrainingSettings | None = None,
    ) -> None:
        """Open the backbone; maps are made when first wanted."""
        self.images, self.kind, self.cache = images, kind, cache
        self.side_px = side_px or BackboneSettings().map_side_px
        self.trunk: Trunk = open_backbone(BackboneSettings(), cache).trunk(self.side_px)
        self.settings = settings or TrainingSettings()
        self.modelling: MapModelling = kind.modelling
        views = DEFAULT_MOVES.digest + LIGHT.digest
        self.recipe = f"{self.trunk.digest[:16]}-{views[:8]}{views[64:72]}"
        cache.mkdir(parents=True, exist_ok=True)

    def sides(self, size: str, seed: int) -> Sides:
        """Split by groups; `size` is a number of training images or `all`."""
        order = np.random.default_rng(seed).permutation(len(self.images)).tolist()
        groups = list(dict.fromkeys(self.images[at].group for at in order))
        counts = dict.fromkeys(groups, 0)
        for one in self.images:
            counts[one.group] += 1
        before = dict(zip(groups, np.cumsum([0, *counts.values()]).tolist(), strict=False))
        fifth = len(order) // 5
        test, val, train = (
            [at for at in order if low <= before[self.images[at].group] < high]
            for low, high in ((0, fifth), (fifth, 2 * fifth), (2 * fifth, len(order)))
        )
        return Sides(test, val, train if size == "all" else train[: int(size)])

    def train(self, sides: Sides, seed: int) -> Trained:
        """Train, export and compare with PyTorch."""
        objects = [[self.images[at].objects for at in some] for some in (sides.train, sides.val)]
        how = self.modelling.training(self.settings, *objects)
        examples, held_out = self.examples(sides.train, how.views), self.examples(sides.val, 0)
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            given = examples, held_out, self.trunk.shapes, self.modelling, how
            fitted = train_maps(*given, seed=seed, journal=Journal(), folder=Path(folder))
        fit_s = time.process_time() - began
        marks = ModelMarks(self.kind, self.trunk.digest, recipe_digest(self.side_px, WHOLE), self.side_px, "d" * 64)
        candidate = Candidate(marks, self.modelling.head_arrays(fitted.network, self.trunk.shapes))
        model = ExportedModel(export_model_bytes(candidate, self.trunk.onnx_bytes))
        some = np.stack([self.model_image(at) for at in sides.val[:PARITY_IMAGES]])
        parity = check_parity(candidate, self.trunk.load_network(), model, some)
        view_s = (len(sides.train) * (1 + how.views) + len(sides.val)) * self._view_s(sides.train)
        val_s = len(fitted.history) * self._val_s(fitted, held_out, how)
        return Trained(model, fitted, how, view_s, fit_s, val_s, parity.max_difference)

    def found(self, model: ExportedModel, numbers: Sequence[int]) -> tuple[dict[int, tuple[Any, ...]], float]:
        """Objects that the file finds in each image, and milliseconds of processor an image, reading it included."""
        began = time.process_time()
        found = {at: model.objects(self.model_image(at), self.images[at].size_px) for at in numbers}
        return found, (time.process_time() - began) / len(numbers) * 1000

    def model_image(self, at: int) -> np.ndarray:
        """One image as the model sees it."""
        return model_image(decode(self.images[at].path.read_bytes(), Limits()).pixels, self.side_px, WHOLE)

    def examples(self, numbers: Sequence[int], views: int) -> MapExamples:
        """Maps and targets of the whole images, then of their views."""
        maps, targets = [], []
        for view in range(1 + views):
            for at in numbers:
                maps.append(self._kept_maps(at, view))
                targets.append(self.modelling.placed(self.images[at].objects, self._placement(at, view), self.trunk.shapes))
        return MapExamples(np.stack(maps), np.stack(targets))

    def _kept_maps(self, at: int, view: int) -> np.ndarray:
        file = self.cache / f"{self.recipe}-{self.images[at].path.stem}-{view}.npy"
        if not file.exists():
            np.save(file, self._maps(at, view))
        return np.load(file)

    def _maps(self, at: int, view: int) -> np.ndarray:
        return self.trunk.maps(self.square(at, view)[0])

    def square(self, at: int, view: int) -> tuple[np.ndarray, Placement]:
        """Model-size image of one view, and where it is from; view 0 is the whole image."""
        one, placement = self.images[at], self._placement(at, view)
        image = placed_image(decode(one.path.read_bytes(), Limits()).pixels, placement)
        if view:
            image = LIGHT.view(image, derive_seed(0, "light", one.path.name, str(view)))
        return image, placement

    def _placement(self, at: int, view: int) -> Placement:
        one = self.images[at]
        seed = derive_seed(0, "place", one.path.name, str(view))
        return placed_view(*one.size_px, self.side_px, seed).placement if view else whole_image(*one.size_px, self.side_px)

    def _view_s(self, numbers: Sequence[int]) -> float:
        """Processor seconds for the maps of one view."""
        some = numbers[:TIMED_VIEWS]
        began = time.process_time()
        for at in some:
            self._maps(at, 1)
        return (time.process_time() - began) / len(some)

    def _val_s(self, fitted: Fitted, held_out: MapExamples, how: MapTraining) -> float:
        """Processor seconds of one validation."""
        began = time.process_time()
        with torch.no_grad():
            starts = range(0, len(held_out), how.batch_size)
            batches = [held_out.batch(0, list(range(at, min(at + how.batch_size, len(held_out))))) for at in starts]
            outputs = torch.cat([fitted.network(maps) for maps, _ in batches])
            self.modelling.objective(self.trunk.shapes).metrics(outputs, torch.cat([targets for _, targets in batches]))
        return time.process_time() - began


def cost(rows: Sequence[Trained]) -> str:
    """Processor seconds of a training, piece by piece, and what it did."""
    view_s, fit_s, val_s = (float(np.median([getattr(one, name) for one in rows])) for name in ("view_s", "fit_s", "val_s"))
    how, epochs = rows[0].how, float(np.median([len(one.fitted.history) for one in rows]))
    return (
        f"processor: maps {view_s:.0f} s, fit {fit_s - val_s:.0f} s, validation {val_s:.0f} s "
        f"({how.views} views an image, {epochs:.0f} epochs); parity {max(one.parity for one in rows):.1e}"
    )
