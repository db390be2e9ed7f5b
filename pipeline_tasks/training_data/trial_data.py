"""Data of trials: training and validation images of a version with views, gathered once for all settings with the same views.

Test images are neither read nor decoded: the rows of a version are divided before anything is read for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import Modelling, NothingTrained
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.training_data.embedding_training import EmbeddingTraining
from pipeline_tasks.training_data.map_training import MapsTraining
from pipeline_tasks.training_data.version_images import VersionImages

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.models.cross_validation import Judged
    from pipeline_tasks.models.head_training import EmbeddedImages
    from pipeline_tasks.models.map_training import MapExamples

Hopeless = Callable[[Sequence[float]], bool]


class TrialData:
    """Images of one dataset version, as embeddings or feature maps."""

    def __init__(self, store: Store, cycle: Cycle, decoder: Decoder, dataset_id: str, dataset_cycle_id: str, views: int) -> None:
        """`views` is the largest number of views that a trial may set; fewer are the first of them."""
        self._store, self._cycle, self._decoder = store, cycle, decoder
        self._dataset_id, self._dataset_cycle_id, self._views = dataset_id, dataset_cycle_id, views
        self._embedded: dict[str, EmbeddedImages] = {}
        self._mapped: dict[tuple[str, int], MapExamples] = {}

    def judged(
        self, settings: TrainingSettings, backbone: Backbone, folds: int, seed: int, folder: Path, is_hopeless: Hopeless
    ) -> Judged:
        """Judge settings by cross-validation; imports torch. The same folds and seed are the same images.

        Raises:
            SettingsError: there are fewer split groups than folds, or the kind trains nothing.
            CorruptObjectError: an original was changed in the store.
        """
        modelling = searched_modelling(kind_of(self._cycle.project))
        if isinstance(modelling, MapModelling):
            return self._judged_on_maps(modelling, settings, backbone, folds, seed, folder, is_hopeless)
        return self._judged_on_embeddings(modelling, settings, backbone, folds, seed, folder, is_hopeless)

    def _judged_on_embeddings(
        self,
        modelling: Modelling,
        settings: TrainingSettings,
        backbone: Backbone,
        folds: int,
        seed: int,
        folder: Path,
        is_hopeless: Hopeless,
    ) -> Judged:
        from pipeline_tasks.models.cross_validation import Folds, cross_validated, with_views
        from pipeline_tasks.models.head_training import group_numbers

        images = self._embeddings_for(modelling, settings, backbone)
        _check_groups(len(set(group_numbers(images).tolist())), folds)
        chosen = with_views(images, self._views, settings.augmented_views)
        frozen = settings.model_copy(update={"unfreeze_epochs": 0})
        return cross_validated(Folds(chosen, folds, seed), modelling, frozen, self._score, folder, is_hopeless)

    def _embeddings_for(self, modelling: Modelling, settings: TrainingSettings, backbone: Backbone) -> EmbeddedImages:
        """All rows with the most views that any trial uses, so that trials share them."""
        from pipeline_tasks.models.head_training import joined

        of_views = settings.model_copy(update={"augmented_views": self._views, "unfreeze_epochs": 0})
        training = EmbeddingTraining(self._images(of_views), modelling, backbone)
        if training.material_recipe not in self._embedded:
            material = training.material()
            self._embedded[training.material_recipe] = joined(material.train, material.val)
        return self._embedded[training.material_recipe]

    def _judged_on_maps(
        self,
        modelling: MapModelling,
        settings: TrainingSettings,
        backbone: Backbone,
        folds: int,
        seed: int,
        folder: Path,
        is_hopeless: Hopeless,
    ) -> Judged:
        from pipeline_tasks.models.map_cross_validation import MapFolds, maps_cross_validated, most_views

        training = MapsTraining(self._images(settings), modelling, backbone)
        groups: NDArray[np.int64] = (training.learnt_from["split_group_id"].rank("dense") - 1).to_numpy().astype(np.int64)
        _check_groups(len(np.unique(groups)), folds)
        divided = MapFolds(groups, modelling.objects(training.learnt_from), folds, seed)
        views = most_views(divided, modelling, settings)
        key = (training.view_recipe, views)
        if key not in self._mapped:
            self._mapped[key] = training.for_folds(views, folder / f"maps-{len(self._mapped)}")
        given = (divided, self._mapped[key], training.shapes, modelling, settings)
        return maps_cross_validated(*given, self._score, folder, is_hopeless)

    def _images(self, training: TrainingSettings) -> VersionImages:
        """The version's images in a project with these settings."""
        project = self._cycle.project.model_copy(update={"training": training})
        cycle = replace(self._cycle, project=project)
        return VersionImages(self._store, cycle, self._decoder, self._dataset_id, self._dataset_cycle_id)

    @property
    def _score(self) -> str:
        return kind_of(self._cycle.project).scoring.names.metric


def searched_modelling(kind: Kind) -> Modelling | MapModelling:
    """The modelling of a kind whose training can be searched.

    Raises:
        SettingsError: the kind trains nothing.
    """
    modelling = kind.modelling
    if isinstance(modelling, NothingTrained):
        raise SettingsError(f"label_kind {kind.name}: no settings to search: {modelling.why}")
    return modelling


def _check_groups(found: int, folds: int) -> None:
    if found < folds:
        raise SettingsError(
            f"search: wanted at least {folds} split groups of training and validation images, one a fold, found {found}; "
            "label more images first"
        )
