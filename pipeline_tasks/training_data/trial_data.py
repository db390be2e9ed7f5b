"""Data of trials: training and validation images of a version with views, gathered once for all settings with the same views.

Test images are neither read nor decoded: the rows of a version are divided before anything is read for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import Modelling, NothingTrained
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.training_data.embedding_training import EmbeddingTraining
from pipeline_tasks.training_data.version_images import VersionImages

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.models.cross_validation import Judged
    from pipeline_tasks.models.head_training import EmbeddedImages


class TrialData:
    """Embedded images of one dataset version."""

    def __init__(self, store: Store, cycle: Cycle, decoder: Decoder, dataset_id: str, dataset_cycle_id: str, views: int) -> None:
        """`views` is the largest number of views that a trial may use; fewer are the first of them."""
        self._store, self._cycle, self._decoder = store, cycle, decoder
        self._dataset_id, self._dataset_cycle_id, self._views = dataset_id, dataset_cycle_id, views
        self._gathered: dict[str, EmbeddedImages] = {}

    def judged(
        self,
        settings: TrainingSettings,
        backbone: Backbone,
        folds: int,
        seed: int,
        folder: Path,
        is_hopeless: Callable[[Sequence[float]], bool],
    ) -> Judged:
        """Judge settings by cross-validation; imports torch. The same folds and seed are the same images.

        Raises:
            SettingsError: there are fewer split groups than folds, or the kind's training is not searched.
            CorruptObjectError: an original was changed in the store.
        """
        from pipeline_tasks.models.cross_validation import Folds, cross_validated, with_views
        from pipeline_tasks.models.head_training import group_numbers

        images = self._gathered_for(settings, backbone)
        groups = len(set(group_numbers(images).tolist()))
        if groups < folds:
            raise SettingsError(
                f"search: wanted at least {folds} split groups of training and validation images, one a fold, found {groups}; "
                "label more images first"
            )
        modelling, score = searched_modelling(self._kind), self._kind.scoring.names.metric
        chosen = with_views(images, self._views, settings.augmented_views)
        frozen = settings.model_copy(update={"unfreeze_epochs": 0})
        return cross_validated(Folds(chosen, folds, seed), modelling, frozen, score, folder, is_hopeless)

    def _gathered_for(self, settings: TrainingSettings, backbone: Backbone) -> EmbeddedImages:
        """All rows with the most views that any trial uses, so that trials share them."""
        from pipeline_tasks.models.head_training import joined

        of_views = settings.model_copy(update={"augmented_views": self._views, "unfreeze_epochs": 0})
        project = self._cycle.project.model_copy(update={"training": of_views})
        images = VersionImages(
            self._store, replace(self._cycle, project=project), self._decoder, self._dataset_id, self._dataset_cycle_id
        )
        training = EmbeddingTraining(images, searched_modelling(images.kind), backbone)
        if training.material_recipe not in self._gathered:
            material = training.material()
            self._gathered[training.material_recipe] = joined(material.train, material.val)
        return self._gathered[training.material_recipe]

    @property
    def _kind(self) -> Kind:
        from pipeline_tasks.kinds.registry import kind_of

        return kind_of(self._cycle.project)


def searched_modelling(kind: Kind) -> Modelling:
    """The modelling of a kind whose training can be searched.

    Raises:
        SettingsError: the kind trains nothing, or on feature maps, where a trial takes as long as a night's training.
    """
    modelling = kind.modelling
    if isinstance(modelling, NothingTrained):
        raise SettingsError(f"label_kind {kind.name}: no settings to search: {modelling.why}")
    if isinstance(modelling, MapModelling):
        raise SettingsError(
            f"label_kind {kind.name}: the search is for kinds whose head is trained on embeddings, class and classes; a trial on "
            "feature maps takes as long as a night's training"
        )
    return modelling
