"""Training of a head on embeddings: of all images, and of the training images' augmented views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.augmentations.mixing import Partners, drawn_mix, mixed_image
from pipeline_tasks.augmentations.policy import FOR_PLACES, FOR_WHOLE_IMAGES, Policy, policy_of
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.json_values import Json
from pipeline_tasks.models.candidate import Candidate, trained_backbone_digest
from pipeline_tasks.models.exported import ModelMarks
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.storage.blobs.view_files import read_views, write_views
from pipeline_tasks.storage.history.embedding_rows import read_embeddings
from pipeline_tasks.training_data.augmentation_effects import augmentation_effects
from pipeline_tasks.training_data.mixed_views import MixedViews
from pipeline_tasks.training_data.split_groups import split_groups
from pipeline_tasks.training_data.starting_point import Trained, start_of, starting_point
from pipeline_tasks.training_data.version_images import VersionImages, digest_of, on_all_cores, training_digest

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.kinds.modelling import Modelling
    from pipeline_tasks.models.head_training import EmbeddedImages
    from pipeline_tasks.models.training import Material, Outcome
    from pipeline_tasks.records.augmentation_effect import AugmentationEffect

TRAINING_VERSION = 5
"""Bump when training changes, so that older checkpoints are ignored."""


class EmbeddingTraining:
    """A head on the frozen backbone's embeddings; the settings may also train the backbone."""

    def __init__(self, images: VersionImages, modelling: Modelling, backbone: Backbone) -> None:
        """Train on these images."""
        self._images, self._modelling, self._backbone = images, modelling, backbone
        self._settings, self._side_px = images.project.training, images.project.backbone.side_px
        self.views, self.backbone_digest = self._settings.augmented_views, backbone.digest
        self._plain_train: NDArray[np.float32] | None = None
        self._policy = policy_of(self._settings.augmentation, FOR_PLACES if modelling.has_places else FOR_WHOLE_IMAGES)
        if modelling.has_places:
            self._policy = self._policy.unmoving
        views: dict[str, Json] = {
            "augmentation": self._policy.alone.digest,
            "backbone": backbone.digest,
            "picture": recipe_digest(self._side_px),
        }
        views |= {"engine": backbone.engine, "seed": images.project.seed, "views": self.views}
        self.view_recipe = digest_of(views)
        mixes: dict[str, Json] = {"mixes": self._policy.mixes.digest, "views": self.view_recipe}
        # Stored views are of one image each, and the same whatever is mixed.
        self.material_recipe = digest_of(mixes) if self._policy.mixes.steps else self.view_recipe
        self.start = starting_point(images, Trained(backbone.digest, recipe_digest(self._side_px), moves_backbone=True))
        self.recipe = training_digest(images, self.material_recipe, TRAINING_VERSION, self.start)

    def epochs_of(self, phase: str) -> int:
        """Most epochs of a phase whose end is worth foretelling; 0 for others."""
        return {"head": self._settings.max_epochs, "live": self._settings.unfreeze_epochs}.get(phase, 0)

    def run(self, journal: Journal, folder: Path) -> Outcome:
        """Gather the embeddings, then train; imports torch."""
        material = self.material()
        from pipeline_tasks.models.training import train

        return train(
            material,
            self._modelling,
            self._settings,
            self._policy,
            seed=self._images.seed,
            journal=journal,
            folder=folder,
            load_network=self._backbone.load_network,
            start=start_of(self.start, self._images.val),
            names=self._images.kind.vocabulary,
        )

    def effects(self) -> list[AugmentationEffect]:
        """Judge each step of the policy after a training, for kinds with one name an image."""
        train = self._images.train
        targets, names = self._modelling.targets(train), self._images.kind.vocabulary
        if targets.ndim != 1 or not self.views or self._plain_train is None:
            return []
        image_ids, groups = train["image_id"].to_list(), _groups(train, self._images.val)[0]

        def view(row: int, policy: Policy, other: int) -> NDArray[np.float32]:
            """Embedding of a view of one training image, mixed with another one if the policy mixes."""
            image, seed = self._image(image_ids[row]), derive_seed(self._images.project.seed, "effect", image_ids[row])
            seen, pair = policy.view(image, seed), Partners(np.arange(2))
            if (drawn := drawn_mix(policy, 0, pair, seed)) is not None:
                seen, _ = mixed_image(seen, self._image(image_ids[other]), drawn.cut)
            found: NDArray[np.float32] = self._backbone.embed(seen[np.newaxis])[0]
            return found

        return augmentation_effects(self._policy, self._plain_train, targets, groups, names, view, self._images.seed)

    def candidate(self, outcome: Outcome) -> Candidate:
        """The candidate of an outcome, with its origin."""
        digest, weights = self.backbone_digest, outcome.backbone_weights
        marks = ModelMarks(
            kind=self._images.kind,
            backbone_digest=trained_backbone_digest(digest, weights) if weights else digest,
            recipe_digest=recipe_digest(self._side_px),
            side_px=self._side_px,
            dataset_id=self._images.dataset_id,
            temperature=outcome.temperature,
        )
        return Candidate(marks, outcome.head, weights)

    def material(self) -> Material:
        """Embeddings of all images and of the views, and the images themselves if the backbone is unfrozen."""
        from pipeline_tasks.models.head_training import EmbeddedImages
        from pipeline_tasks.models.live_training import Images
        from pipeline_tasks.models.training import Material

        train, val = self._images.train, self._images.val
        train_ids, val_ids = train["image_id"].to_list(), val["image_id"].to_list()
        train_targets, val_targets = self._modelling.targets(train), self._modelling.targets(val)
        self._plain_train = self._plain(train_ids)
        train_embeddings = [self._plain_train]
        if self.views:
            train_embeddings.append(np.concatenate(on_all_cores("augmented views", self._embedded_views, train_ids)))
        is_live = self._settings.unfreeze_epochs > 0
        train_groups, val_groups = _groups(train, val)
        all_targets = np.concatenate([train_targets, np.repeat(train_targets, self.views, axis=0)])
        all_groups = np.concatenate([train_groups, np.repeat(train_groups, self.views)])
        embedded = EmbeddedImages(np.concatenate(train_embeddings), all_targets, all_groups, len(train_ids))
        return Material(
            train=self._with_mixes(embedded, train_ids) if self.views and self._policy.mixes.steps else embedded,
            val=EmbeddedImages(self._plain(val_ids), val_targets, val_groups),
            train_images=Images(np.stack(on_all_cores("training images", self._image, train_ids)), train_targets, train_groups)
            if is_live
            else None,
            val_images=Images(np.stack(on_all_cores("validation images", self._image, val_ids)), val_targets) if is_live else None,
        )

    def _with_mixes(self, images: EmbeddedImages, image_ids: Sequence[str]) -> EmbeddedImages:
        """The same rows, of which views that are mixed stand for those of one image."""
        from pipeline_tasks.models.head_training import Mixed, group_numbers

        plain, rows = len(image_ids), {image_id: row for row, image_id in enumerate(image_ids)}
        partners = Partners(group_numbers(images)[:plain])
        drawn = MixedViews(self._policy, image_ids, partners, self._images.project.seed, self._image)

        def mixed(image_id: str) -> list[tuple[int, int, float, NDArray[np.float32]]]:
            """Row, other row and its share, and embedding of each mixed view of an image."""
            row = rows[image_id]
            return [
                (plain + row * self.views + one.number, one.other, one.share, self._backbone.embed(one.pixels[np.newaxis])[0])
                for one in drawn.of(row, self.views)
            ]

        embeddings, targets = images.embeddings.copy(), images.targets.copy()
        groups, shares = group_numbers(images).copy(), np.zeros(len(images.targets))
        for at, other, share, embedding in chain.from_iterable(on_all_cores("mixed views", mixed, image_ids)):
            embeddings[at], targets[at], shares[at] = embedding, images.targets[other], share
            groups[at] = partners.groups[other]
        return replace(images, embeddings=embeddings, mixed=Mixed(targets, groups, shares))

    def _plain(self, image_ids: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings stored by `measure_images`; missing ones of this backbone are computed now."""
        found = read_embeddings(self._images.store, image_ids, self.backbone_digest)
        missing = np.flatnonzero(~found.has_embedding)
        if not len(missing):
            return found.vectors
        vectors = found.vectors if found.vectors.shape[1] else np.zeros((len(image_ids), self._backbone.dimensions), np.float32)
        vectors[missing] = np.stack(on_all_cores("embeddings", self._embedded, [image_ids[number] for number in missing]))
        return vectors

    def _embedded(self, image_id: str) -> NDArray[np.float32]:
        embedding: NDArray[np.float32] = self._backbone.embed(self._image(image_id)[np.newaxis])[0]
        return embedding

    def _embedded_views(self, image_id: str) -> NDArray[np.float32]:
        """Embed an image's augmented views (views x D), or read those that an earlier training stored."""
        kept = read_views(self._images.store.objects, self.view_recipe, image_id)
        if kept is not None:
            return kept
        image = self._image(image_id)
        # The project's seed and not the cycle's, so that the next training can use the same views.
        seed_of = partial(derive_seed, self._images.project.seed, "view", image_id)
        drawn = [self._policy.view(image, seed_of(str(one))) for one in range(self.views)]
        views = np.concatenate([self._backbone.embed(view[np.newaxis]) for view in drawn])
        write_views(self._images.store.objects, self.view_recipe, image_id, views)
        return views

    def _image(self, image_id: str) -> NDArray[np.uint8]:
        """An original as a model-size image."""
        return model_image(self._images.pixels(image_id, self._side_px), self._side_px)


def _groups(train: pl.DataFrame, val: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of the split group of each training and each validation image."""
    numbers = split_groups(train, val)
    return numbers[: train.height], numbers[train.height :]
