"""Training of a head on feature maps: of all images whole, and of the training images' placed views.

Maps and targets lie in files of the scratch folder, so that memory holds a batch only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.augmentations.mixing import Partners
from pipeline_tasks.augmentations.policy import FOR_PLACES, Policy, policy_of
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.kinds.map_modelling import Composing, Part
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ModelMarks
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.placed_views import PlacedView, moves_of, placed_view
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.storage.blobs.view_files import read_maps, write_maps
from pipeline_tasks.training_data.mixed_places import MixedPlaces, PlacedPart, square_of
from pipeline_tasks.training_data.split_groups import split_groups
from pipeline_tasks.training_data.starting_point import Trained, start_of, starting_point
from pipeline_tasks.training_data.version_images import VersionImages, digest_of, on_all_cores, training_digest

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.kinds.map_modelling import MapModelling, MapTraining, Shapes
    from pipeline_tasks.models.map_training import MapExamples
    from pipeline_tasks.models.training import Outcome
    from pipeline_tasks.records.augmentation_effect import AugmentationEffect

MAP_TRAINING_VERSION = 5
"""Bump when training changes, so that older checkpoints are ignored."""
MOST_VAL = 500
"""Validation images that choose the epoch, the first by image_id; outputs of more (1.3 MB each at 384 px) would fill the memory."""


@dataclass(frozen=True)
class _Example:
    """One view of one image: number 0 is the whole image, others are drawn."""

    image_id: str
    number: int
    parts: tuple[PlacedPart, ...]
    """More than one if others are mixed in."""
    objects: tuple[Any, ...]
    """Of each part, in its turned image."""


class MapsTraining:
    """A head on the frozen backbone's feature maps."""

    def __init__(self, images: VersionImages, modelling: MapModelling, backbone: Backbone) -> None:
        """Train on these images; opens the backbone's maps.

        Raises:
            SettingsError: the backbone has no feature maps.
        """
        self._images, self._modelling = images, modelling
        self._val = images.val.sort("image_id").head(MOST_VAL)
        self._side_px = images.project.backbone.map_side_px
        self._trunk = backbone.trunk(self._side_px)
        policy = policy_of(images.project.training.augmentation, FOR_PLACES)
        self._light, self._moves = policy.unmoving, moves_of(policy, may_mirror=modelling.may_mirror)
        self.backbone_digest = self._trunk.digest
        views: dict[str, Json] = {
            "augmentation": self._light.digest,
            "placements": self._moves.digest,
            "backbone": self._trunk.digest,
            "engine": self._trunk.engine,
            "picture": recipe_digest(self._side_px, WHOLE),
            "seed": images.project.seed,
        }
        self.view_recipe = digest_of(views)
        self._mixes = policy.mixes
        mixes: dict[str, Json] = {"mixes": self._mixes.digest, "views": self.view_recipe}
        material_recipe = digest_of(mixes) if self._mixes.steps else self.view_recipe
        self.start = starting_point(images, Trained(self._trunk.digest, recipe_digest(self._side_px, WHOLE), moves_backbone=False))
        self.recipe = training_digest(images, material_recipe, MAP_TRAINING_VERSION, self.start)

    @property
    def views(self) -> int:
        """Augmented views of each training image, as the kind wants for their number."""
        return self._how.views

    def epochs_of(self, phase: str) -> int:
        """Most epochs of the one phase."""
        return self._how.epochs

    def run(self, journal: Journal, folder: Path) -> Outcome:
        """Gather maps and targets, then train; imports torch."""
        from pipeline_tasks.models.map_training import train_maps
        from pipeline_tasks.models.training import Outcome

        folder.mkdir(parents=True, exist_ok=True)
        train = self._examples(self._images.train, self._train_objects, self.views, folder, "train", self._mixes)
        val = self._examples(self._val, self._val_objects, 0, folder, "val", self._mixes)
        fitted = train_maps(
            train,
            val,
            self._trunk.shapes,
            self._modelling,
            self._how,
            seed=self._images.seed,
            journal=journal,
            folder=folder,
            settings=self._images.project.training.fit,
            start=start_of(self.start, self._val),
            names=self._images.kind.vocabulary,
        )
        return Outcome(
            head=self._modelling.head_arrays(fitted.network, self._trunk.shapes),
            temperature=1.0,
            best=fitted.best,
            epochs=len(fitted.history),
            resumed_from_epoch=fitted.resumed_from_epoch,
            never_shown=self._modelling.never_shown(self._train_objects),
            history={"head": fitted.history},
            of_old=None if self.start is None or self.start.candidate is None else fitted.of_old,
        )

    def for_folds(self, views: int, folder: Path) -> MapExamples:
        """Maps and targets of training and validation images, whole and then view by view, in files of the folder.

        Nothing is mixed: a view would show an image of the fold that its head is judged on.
        """
        folder.mkdir(parents=True, exist_ok=True)
        objects = self._modelling.objects(self.learnt_from)
        return self._examples(self.learnt_from, objects, views, folder, "all", replace(self._mixes, steps=()))

    @cached_property
    def learnt_from(self) -> pl.DataFrame:
        """Rows of training and of validation images."""
        return pl.concat([self._images.train, self._images.val])

    @property
    def shapes(self) -> Shapes:
        """Shapes of the maps."""
        return self._trunk.shapes

    def effects(self) -> list[AugmentationEffect]:
        """Nothing: it would take a head of its own, which is as dear as the training."""
        return []

    def candidate(self, outcome: Outcome) -> Candidate:
        """The candidate of an outcome, with its origin."""
        marks = ModelMarks(
            kind=self._images.kind,
            backbone_digest=self._trunk.digest,
            recipe_digest=recipe_digest(self._side_px, WHOLE),
            side_px=self._side_px,
            dataset_id=self._images.dataset_id,
        )
        return Candidate(marks, outcome.head)

    @cached_property
    def _how(self) -> MapTraining:
        return self._modelling.training(self._images.project.training, self._train_objects, self._val_objects)

    @cached_property
    def _train_objects(self) -> Sequence[Any]:
        return self._modelling.objects(self._images.train)

    @cached_property
    def _val_objects(self) -> Sequence[Any]:
        return self._modelling.objects(self._val)

    def _examples(
        self, rows: pl.DataFrame, objects: Sequence[Any], views: int, folder: Path, name: str, mixes: Policy
    ) -> MapExamples:
        """Maps and targets of the whole images, then of their views, in files of the folder."""
        from pipeline_tasks.models.map_training import MapExamples

        sizes = rows.select("image_id", "width_px", "height_px").rows()
        mixed = self._mixed_places([size for _, *size in sizes], split_groups(rows), mixes)
        examples = [self._example(row, number, sizes, objects, mixed) for number in range(1 + views) for row in range(len(sizes))]
        values = sum(one.values for one in self._trunk.shapes)
        maps = _new_file(folder / f"{name}-maps.npy", (len(examples), values), np.dtype(np.float16))
        placed = [self._target(one) for one in examples[:1]]
        targets = _new_file(folder / f"{name}-targets.npy", (len(examples), *placed[0].shape), placed[0].dtype)
        by_image: dict[str, list[int]] = {}
        image_ids = [image_id for image_id, *_ in sizes]
        for at, one in enumerate(examples):
            by_image.setdefault(one.image_id, []).append(at)
            targets[at] = self._target(one)

        def fill_rows(image_id: str) -> None:
            found = self._maps([examples[at] for at in by_image[image_id]], image_ids)
            for at, row in zip(by_image[image_id], found, strict=True):
                maps[at] = row

        on_all_cores("feature maps", fill_rows, list(by_image))
        return MapExamples(maps, targets)

    def _example(
        self, row: int, number: int, sizes: Sequence[tuple[str, int, int]], objects: Sequence[Any], mixed: MixedPlaces
    ) -> _Example:
        image_id, width_px, height_px = sizes[row]
        size_px = (width_px, height_px)
        if number == 0:
            whole = PlacedView(Turn(*size_px), whole_image(*size_px, self._side_px))
            return _Example(image_id, 0, mixed.alone(row, whole), (objects[row],))
        own = placed_view(*size_px, self._side_px, self._seed("place", image_id, number), self._moves)
        parts = mixed.parts(row, own, self._seed("mix", image_id, number))
        turned = [
            self._modelling.turned(objects[one.row], one.view.turn) if one.view.turn.degrees else objects[one.row] for one in parts
        ]
        return _Example(image_id, number, parts, tuple(turned))

    def _mixed_places(self, sizes_px: Sequence[Sequence[int]], groups: NDArray[np.int64], mixes: Policy) -> MixedPlaces:
        sizes, grid_px = [(width, height) for width, height in sizes_px], self._trunk.shapes[0].stride
        return MixedPlaces(mixes, self._moves, sizes, Partners(groups), self._side_px, grid_px)

    def _target(self, example: _Example) -> NDArray[Any]:
        """Target of a view, of one image or of several."""
        shapes, (first, *others) = self._trunk.shapes, example.parts
        if not others or not isinstance(self._modelling, Composing):
            return self._modelling.placed(example.objects[0], first.view.placement, shapes)
        found = zip(example.objects, example.parts, strict=True)
        return self._modelling.composed([Part(one, part.view.placement, part.window) for one, part in found], shapes)

    def _maps(self, examples: Sequence[_Example], image_ids: Sequence[str]) -> list[NDArray[np.float16]]:
        """Maps of some views of one image; those that an earlier training stored are read.

        Views of several images are not stored: the others may be erased, or be others tomorrow.
        """
        objects, found = self._images.store.objects, []
        opened = cache(lambda row: self._images.pixels(image_ids[row]))
        for one in examples:
            is_mixed = len(one.parts) > 1
            kept = None if is_mixed else read_maps(objects, self.view_recipe, one.image_id, one.number)
            if kept is None:
                image = square_of(one.parts, opened)
                if one.number:
                    image = self._light.view(image, self._seed("light", one.image_id, one.number))
                kept = self._trunk.maps(image)
                if not is_mixed:
                    write_maps(objects, self.view_recipe, one.image_id, one.number, kept)
            found.append(kept)
        return found

    def _seed(self, purpose: str, image_id: str, number: int) -> int:
        """Seed of a view: from the project's seed and not the cycle's, so that the next training can use the same views."""
        return derive_seed(self._images.project.seed, purpose, image_id, str(number))


def _new_file(file: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array in a new file."""
    array: NDArray[Any] = np.lib.format.open_memmap(file, mode="w+", dtype=dtype, shape=shape)  # type: ignore[no-untyped-call]
    return array
