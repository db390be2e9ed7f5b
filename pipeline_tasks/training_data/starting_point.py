"""Weights that a cycle's training starts from: the champion's, or none, with the reason, read from the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipeline_tasks.datasets.held_out import training_and_validation_rows
from pipeline_tasks.errors import ModelError, NotFoundError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.models.candidate import Candidate, network_weights, parse_candidate, trained_backbone_digest
from pipeline_tasks.models.start_rule import ChampionTraining, why_from_champion, why_from_scratch
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.training_start import TrainingStart
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.fit import LATER
from pipeline_tasks.storage.blobs.checkpoint_files import read_candidate
from pipeline_tasks.storage.history.trained_with import trained_with
from pipeline_tasks.storage.versions.version_rows import version_rows
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.training_data.version_images import VersionImages

if TYPE_CHECKING:
    from pipeline_tasks.models.training import Outcome
    from pipeline_tasks.models.warm_start import Start

NOT_OF_A_FIT: Any = {"min_new_labels": True, "doubted_labels": True, "max_synthetic_ratio": True, "fit": set(LATER)}
"""Settings that say what is trained on or how it starts, and not how it is fitted."""
FORGOT = (
    "On validation images of the champion's version the score fell from {:.3f} to {:.3f}, by more than gates.margin: the training "
    "forgot what the champion knew. Set training.fit.start_from: scratch for a night."
)


@dataclass(frozen=True)
class StartingPoint:
    """Decision on the start of one training, with the weights."""

    record: TrainingStart
    candidate: Candidate | None = None
    """The champion before its export; None: start from scratch."""
    known: tuple[str, ...] = ()
    """Names of which it saw training images, by today's names."""
    today: tuple[str, ...] = ()
    """Names of its rows, by today's names."""
    old_images: frozenset[str] = frozenset()
    """Validation images of its version."""


@dataclass(frozen=True)
class Trained:
    """Marks of that which is to be trained."""

    backbone_digest: str
    """Digest of the frozen backbone, or of the whole network before its training."""
    recipe_digest: str
    moves_backbone: bool
    """True for a head on embeddings with its backbone."""


def starting_point(images: VersionImages, network: Trained) -> StartingPoint | None:
    """The decision; None if the project always starts from scratch.

    Raises:
        CorruptObjectError: the champion's candidate was changed in the store.
    """
    fit = images.project.training.fit
    if fit.start_from == "scratch":
        return None
    champion = images.store.state().champion
    found = None if champion is None else _Found(images, network, champion)
    why = why_from_scratch(fit, None if found is None else found.training, images.train.height)
    if why or found is None or found.candidate is None:
        return StartingPoint(TrainingStart(is_champion=False, why=why, cycle_id=None if champion is None else champion.cycle_id))
    return found.start()


def start_of(point: StartingPoint | None, val: pl.DataFrame) -> Start | None:
    """The weights for a training on these validation images; None: it starts from scratch."""
    if point is None or point.candidate is None:
        return None
    from pipeline_tasks.models.warm_start import Start

    old = np.flatnonzero(val["image_id"].is_in(list(point.old_images)).to_numpy())
    weights = network_weights(point.candidate) if point.candidate.marks.network else point.candidate.head
    return Start(weights, point.today, point.known, point.candidate.backbone_weights, tuple(old.tolist()))


def record_of(point: StartingPoint, outcome: Outcome, metric: str, margin: float) -> TrainingStart:
    """The record of a training that is done: what it did to images of the version before, and a warning if it forgot them.

    `metric` names the kind's score, which may fall by `margin`.
    """
    if point.candidate is None:
        return point.record
    if outcome.of_old is None:
        why = "A network that started from the champion was no better than a head on the frozen backbone, which is kept."
        return TrainingStart(is_champion=False, why=why, cycle_id=point.record.cycle_id)
    before, after = (one.get(f"val_{metric}") for one in (outcome.of_old.before, outcome.of_old.after))
    warning = "" if before is None or after is None or after >= before - margin else FORGOT.format(before, after)
    return replace(point.record, old_images=outcome.of_old.images, old_score=before, score=after, warning=warning)


class _Found:
    """A champion with its candidate and its version, read from the store."""

    def __init__(self, images: VersionImages, network: Trained, champion: Champion) -> None:
        self._images, self._network, self._champion = images, network, champion
        self._trained = images.store.find_summary(champion.cycle_id, TrainModelSummary) or TrainModelSummary(skipped=None)
        self._project = trained_with(images.store, champion.cycle_id).project
        self.candidate = self._read()
        self._rows = self._read_rows()

    @property
    def training(self) -> ChampionTraining:
        """Its training, as the rule sees it."""
        before = self._trained.start
        return ChampionTraining(
            cycle_id=self._champion.cycle_id,
            cannot_start=self._cannot_start(),
            taught=() if self._rows is None else _taught(self._images, *self._rows),
            has_other_settings=_fit_of(self._project.training) != _fit_of(self._images.project.training),
            images=self._trained.train_images,
            trainings_since_scratch=0 if before is None else before.trainings_since_scratch,
        )

    def start(self) -> StartingPoint:
        """The decision to start from this champion."""
        assert self.candidate is not None, "the rule starts from no champion without weights"
        assert self._rows is not None, "nor from one without its version"
        training, renamed = self.training, self._images.kind.changes.today
        today = tuple(renamed.get(one, one) for one in self.candidate.marks.kind.vocabulary)
        never = {renamed.get(one, one) for one in self._trained.never_shown}
        known = tuple(one for one in dict.fromkeys(today) if one not in never)
        record = TrainingStart(
            is_champion=True,
            why=why_from_champion(training, self._images.train.height),
            cycle_id=self._champion.cycle_id,
            candidate_sha256=self._trained.candidate_sha256,
            trainings_since_scratch=training.trainings_since_scratch + 1,
            fresh=[one for one in self._images.kind.vocabulary if one not in known],
        )
        return StartingPoint(record, self.candidate, known, today, frozenset(self._rows[1]["image_id"]))

    def _read(self) -> Candidate | None:
        """The champion before its export; None if the store has it no longer."""
        if self._trained.candidate_key is None or self._trained.candidate_sha256 is None:
            return None
        try:
            return parse_candidate(
                read_candidate(self._images.store.objects, self._trained.candidate_key, self._trained.candidate_sha256)
            )
        except (NotFoundError, ModelError):
            return None

    def _read_rows(self) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        """Training and validation images of its version, divided as its training did; None if the store has it no longer."""
        dataset_cycle_id, store = self._trained.dataset_cycle_id, self._images.store
        if dataset_cycle_id is None or not store.has(DatasetImage, dataset_cycle_id):
            return None
        rows, kind = version_rows(store, dataset_cycle_id), kind_of(self._project)
        seed = derive_seed(self._project.seed, "train", str(self._trained.dataset_id))
        return training_and_validation_rows(rows, kind.choosing.names(rows), seed)

    def _cannot_start(self) -> str:
        """Reason why its weights are no start, as a sentence."""
        cycle_id = self._champion.cycle_id
        if self.candidate is None or self._rows is None:
            return f"The weights of the champion of cycle {cycle_id}, or its dataset version, are no longer in the store."
        marks, kind, network = self.candidate.marks, self._images.kind, self._network
        if (marks.kind.name, dict(marks.kind.options)) != (kind.name, dict(kind.options)):
            return f"The champion of cycle {cycle_id} is of another label kind, or of one with other settings in `labels`."
        if network.moves_backbone and not self.candidate.backbone_weights:
            return (
                f"The champion of cycle {cycle_id} stands on the frozen backbone, its head was fitted on validation images, too, "
                "so a network that starts from it could not be judged on them."
            )
        weights = self.candidate.backbone_weights
        digest = trained_backbone_digest(network.backbone_digest, weights) if network.moves_backbone else network.backbone_digest
        if (marks.backbone_digest, marks.recipe_digest) != (digest, network.recipe_digest):
            return f"The backbone, or the size of its images, is another one than that of the champion of cycle {cycle_id}."
        return ""


def _taught(images: VersionImages, train: pl.DataFrame, val: pl.DataFrame) -> tuple[str, ...]:
    """Test images of today's version that the champion's training or validation saw, and validation images that its training saw.

    An image of the same split group counts as the image itself.
    """
    seen = pl.concat([train.select("split_group_id"), val.select("split_group_id")])["split_group_id"].unique()
    test = images.test.filter(pl.col("split_group_id").is_in(seen.implode()))
    val_now = images.val.filter(pl.col("split_group_id").is_in(train["split_group_id"].unique().implode()))
    return tuple(sorted({*test["image_id"], *val_now["image_id"]}))


def _fit_of(training: TrainingSettings) -> object:
    """Settings of how a training is fitted."""
    return training.model_dump(exclude=NOT_OF_A_FIT)
