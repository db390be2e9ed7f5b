"""Select tonight's images for labeling, with the reason for each, and record their splits for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.datasets.curating import group_looks, propose_curated_splits
from pipeline_tasks.datasets.golden import golden_images
from pipeline_tasks.datasets.looks import looks_of
from pipeline_tasks.datasets.splitting import SET_POLICY, propose_splits, split_rows
from pipeline_tasks.datasets.synthetic import POLICY, groups_for_training, synthetic_images
from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.images.quality import quarantined
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_rounds.affordable import affordable
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.second_looks.coming_again import may_come_again
from pipeline_tasks.second_looks.look import Standing, said_of
from pipeline_tasks.second_looks.queue import look_writes, second_looks
from pipeline_tasks.selection.arms import draw_control_rows, round_order
from pipeline_tasks.selection.candidates import Candidates, candidates, without_large_clips
from pipeline_tasks.selection.choosing import Selection
from pipeline_tasks.selection.pool import Metadata
from pipeline_tasks.selection.quota import Lacking, choose_with_quota
from pipeline_tasks.selection.rows import golden_first, scores_of, selected_images
from pipeline_tasks.selection.wanted import COLUMNS, champion_errors, clips_of, needs_draws, usable, wishes_of
from pipeline_tasks.selection.whole_clips import said_of_large
from pipeline_tasks.selection.why_selected import why_selected
from pipeline_tasks.settings import SelectionSettings
from pipeline_tasks.slice_search.matching import lacking_of, with_slices
from pipeline_tasks.storage.history.counted_images import lights_of
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.selection_score import SelectionScore
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows
from pipeline_tasks.training_data.champion_scores import ChampionScores, EmbeddedCandidates, champion_scores

STAGE = "select_images"
OTHER_BACKBONE = "other_backbone"
"""Key in `left_out`: images of earlier nights that another backbone, or another `side_px`, embedded."""


@dataclass(frozen=True)
class _Known:
    """Rows that the project has of all its images."""

    quarantined: frozenset[str]
    duplicate_groups: pl.DataFrame
    split_groups: pl.DataFrame
    splits: pl.DataFrame
    sightings: pl.DataFrame
    labels: pl.DataFrame
    """image_id, state and labels_version."""


@dataclass(frozen=True)
class _Night:
    """Images of tonight's selection and what is known about them."""

    known: _Known
    settings: SelectionSettings
    """Those of the project, with the budget that golden images leave."""
    lacking: Lacking
    lights: Mapping[str, str]
    """Light of each image that was measured, if the project states requirements."""
    images: pl.Series
    """All images, in the order of history."""
    embedded: pl.Series
    """Those that the newest backbone embedded."""
    again: set[str]
    """Images without a usable label that may be sent to labeling once more."""
    golden: list[str]
    """Golden images that are sent first."""
    pool: Candidates
    candidates: EmbeddedCandidates
    """The pool, then images sent to labeling before, then other examples."""
    classes: Mapping[str, str]
    """Name of each image's label, if annotators agree."""

    @property
    def pool_ids(self) -> list[str]:
        """The `image_id`s of the pool."""
        return list(self.candidates.names[: self.candidates.pool])

    @property
    def is_first_round(self) -> bool:
        """True if no image but golden ones and those of labelled sets has a split."""
        return self.known.splits.filter(pl.col("policy") != "golden", ~pl.col("policy").str.starts_with(SET_POLICY)).is_empty()


def select_images(store: Store, cycle: Cycle, open_decoder: Callable[[], Decoder] | None = None) -> SelectImagesSummary:
    """Pick images up to the budget that were never sent to labeling: a control arm at random, the rest by the objectives.

    The champion of a kind with objects looks at images itself, if `open_decoder` is given.

    Raises:
        MissingStageError: find_duplicates of this cycle has not been done.
        SettingsError: an unknown objective.
    """
    standing = store.finished(cycle.cycle_id, STAGE, SelectImagesSummary)
    if standing is not None:
        return standing
    store.require(SplitGroup, cycle.cycle_id)
    cycle, paid = affordable(store, cycle)
    night = _night(store, cycle)
    scores = champion_scores(store, kind_of(cycle.project), cycle.seed, night.candidates, open_decoder)
    metadata = with_slices(store, night.lacking, night.known.sightings, night.candidates.names, night.lights)
    control = _control(cycle, night, metadata)
    settings, instead = _usable(night.settings, scores)
    chosen = _choose(settings, cycle.seed, night, metadata, control, scores)
    order = round_order(control, chosen.picks, metadata, whole_clips=settings.clips == "whole")
    picked = selected_images(night.pool_ids, control, chosen, order)
    new_splits = _splits(cycle, night, picked)
    why = why_selected(settings.budget, night.pool, picked, len(control), len(night.golden))
    why += instead + scores.note if len(chosen.picks) else ""
    rows = golden_first(picked, night.golden)
    looks = _second_looks(store, cycle, night, rows["image_id"])
    summary = SelectImagesSummary(
        images_eligible=night.pool.images.height + len(night.golden),
        left_out=night.pool.left_out | _of_another_backbone(night),
        budget=cycle.project.selection.budget,
        images_selected=rows.height,
        control=len(control),
        strategies=_counts(rows, "strategy"),
        splits=_counts(new_splits, "split"),
        is_first_round=night.is_first_round,
        champion_digest=scores.model_digest,
        why=why + said_of_large(night.pool.large_clips, settings.budget) + _said_of_another_backbone(night) + said_of(looks) + paid,
        asked_again=len(night.again & set(night.pool_ids)),
        second_looks=_counts(looks, "purpose"),
    )
    writes = [(SelectedImage, rows), (SelectionScore, scores_of(night.pool_ids, chosen)), (Split, new_splits)]
    return store.finish(cycle.cycle_id, STAGE, summary, [*writes, *look_writes(store, cycle, looks)])


def _second_looks(store: Store, cycle: Cycle, night: _Night, picked: pl.Series) -> Rows[SecondLook]:
    """Images with a label that one more person is asked about, beside the picks."""
    contested = night.known.duplicate_groups.filter("is_contested")["image_id"]
    return second_looks(store, cycle, Standing(night.classes, {*picked, *contested, *night.known.quarantined}), picked.len())


def _night(store: Store, cycle: Cycle) -> _Night:
    """Read the tables and divide the images into golden ones, the pool and those sent to labeling before."""
    settings, backbone_digest = cycle.project.selection, newest_backbone_digest(store)
    sizes, known = _sizes(store), _known(store, cycle)
    images = sizes["image_id"]
    embeddings = read_embeddings(store, images.to_list(), backbone_digest)
    again = may_come_again(store, cycle.project.labeling, cycle.cycle_id, STAGE, known.labels)
    asked = (set(store.history(SelectedImage, ["image_id"])["image_id"]) | set(known.labels["image_id"])) - again
    has_embedding = pl.Series(embeddings.has_embedding)
    embedded = images.filter(has_embedding)
    golden = _golden_picks(known, cycle, embedded, asked)
    asked |= set(golden)
    pool = _pool(known, cycle, sizes.filter(has_embedding), asked)
    names = _names(settings, pool, embedded, asked)
    return _Night(
        known=known,
        settings=settings.model_copy(update={"budget": settings.budget - len(golden)}),
        lacking=lacking_of(store, cycle.project),
        lights=lights_of(store) if cycle.project.requirements else {},
        images=images,
        embedded=embedded,
        again=again,
        golden=golden,
        pool=pool,
        candidates=EmbeddedCandidates(names, embeddings.vectors[_rows(images, names)], pool.images.height, backbone_digest),
        classes=_classes(store, cycle, known),
    )


def _known(store: Store, cycle: Cycle) -> _Known:
    """Read each table once."""
    return _Known(
        quarantined=quarantined(store.history(QualityIssue, ["image_id", "rule", "value"]), cycle.project.quality),
        duplicate_groups=store.current(DuplicateGroup),
        split_groups=store.current(SplitGroup),
        splits=store.history(Split),
        sightings=store.history(Sighting, COLUMNS),
        labels=store.current(Label, ["image_id", "state", "labels_version"]),
    )


def _pool(known: _Known, cycle: Cycle, images: pl.DataFrame, asked: set[str]) -> Candidates:
    """Images eligible for labeling."""
    groups, best = (known.duplicate_groups, known.split_groups), cycle.project.duplicates.representative
    settings = cycle.project.selection
    clips = clips_of(known.sightings) if settings.clips == "whole" else None
    found = candidates(images, *groups, set(known.quarantined), asked, best, clips)
    return found if clips is None else without_large_clips(found, clips, settings.budget)


def _sizes(store: Store) -> pl.DataFrame:
    """All images in history order, with what decides which of several copies is the best."""
    images = store.history(Image, ["image_id", "width_px", "height_px", "size_bytes"]).unique(
        "image_id", keep="first", maintain_order=True
    )
    return images.join(store.current(Measurement, ["image_id", "sharpness"]), on="image_id", how="left", maintain_order="left")


def _golden_picks(known: _Known, cycle: Cycle, images: pl.Series, asked: set[str]) -> list[str]:
    """Golden images that were never sent to labeling, up to the budget; duplicates too, because a person chose them."""
    if cycle.project.splits.golden is None:
        return []
    golden = golden_images(cycle.project.splits.golden, known.sightings)
    contested = known.duplicate_groups.filter("is_contested")["image_id"]
    open_golden = (golden & _test_images(known)) - set(contested) - known.quarantined - asked
    return images.filter(images.is_in(list(open_golden)))[: cycle.project.selection.budget].to_list()


def _names(settings: SelectionSettings, pool: Candidates, images: pl.Series, asked: set[str]) -> list[str]:
    """Eligible images, then those sent to labeling before, then other examples."""
    eligible = pool.images["image_id"].to_list()
    examples = {*settings.similar_to, *settings.away_from} - set(eligible)
    return eligible + [one for one in images if one in asked or one in examples]


def _usable(settings: SelectionSettings, scores: ChampionScores) -> tuple[SelectionSettings, str]:
    """Settings with the objectives that can be used tonight, and a sentence if they differ from the requested ones."""
    objectives, instead = usable(settings.objectives, scores.beliefs is not None, scores.draws is not None)
    return settings.model_copy(update={"objectives": objectives}), instead


def _test_images(known: _Known) -> set[str]:
    """The images of the test split."""
    test = known.splits.filter(pl.col("split").cast(pl.String) == "test").select("split_group_id")
    return set(known.split_groups.join(test, on="split_group_id")["image_id"])


def _rows(images: pl.Series, names: Sequence[str]) -> list[int]:
    """Row numbers of the named images."""
    row_of = {name: row for row, name in enumerate(images)}
    return [row_of[name] for name in names]


def _classes(store: Store, cycle: Cycle, known: _Known) -> dict[str, str]:
    """Name of each image's label, if annotators agree."""
    labelled = known.labels.filter(pl.col("state") == "labelled").select("image_id")
    return kind_of(cycle.project).choosing.names_of(labelled.join(store.current(LabelObject), on="image_id"))


def _control(cycle: Cycle, night: _Night, metadata: Sequence[Metadata]) -> npt.NDArray[np.int64]:
    """Rows of the pool that are drawn at random for the control arm; it stands for incoming images, so it has no synthetic ones."""
    settings = night.settings
    ratio = settings.first_round_control_ratio if night.is_first_round else settings.control_ratio
    synthetic = synthetic_images(night.known.sightings)
    real = np.array([row for row, one in enumerate(night.pool_ids) if one not in synthetic], np.int64)
    seed, is_whole = derive_seed(cycle.seed, STAGE, "control"), settings.clips == "whole"
    return draw_control_rows(real, metadata, settings.budget, ratio, seed, whole_clips=is_whole)


def _choose(
    settings: SelectionSettings,
    seed: int,
    night: _Night,
    metadata: Sequence[Metadata],
    control: npt.NDArray[np.int64],
    scores: ChampionScores,
) -> Selection:
    """Pick by the objectives from the pool without the control arm; the other names were sent to labeling before."""
    names, pool = night.candidates.names, night.candidates.pool
    taken = [*control.tolist(), *range(pool, len(names))]
    labels = [night.classes.get(names[row]) for row in taken]
    draws = scores.draws() if scores.draws is not None and needs_draws(settings.objectives) else None
    beliefs_of_images = scores.beliefs if scores.instances is None else None
    errors = champion_errors(names, night.classes, _test_images(night.known), scores.vocabulary, beliefs_of_images)
    budget = min(settings.budget, pool) - len(control)
    quota, wanted = night.lacking.quota(budget, scores.vocabulary)
    return choose_with_quota(
        night.candidates.vectors,
        quota=quota,
        wanted=wanted,
        budget=budget,
        seed=derive_seed(seed, STAGE, "strategy"),
        labelled=taken,
        labels=[label if label in scores.vocabulary else None for label in labels],
        beliefs=scores.beliefs,
        objectives=settings.objectives,
        vocabulary=scores.vocabulary,
        min_distance=settings.min_distance,
        metadata=metadata,
        wishes=wishes_of(settings, names, scores.vocabulary, errors, draws, scores.instances),
    )


def _splits(cycle: Cycle, night: _Night, rows: pl.DataFrame) -> pl.DataFrame:
    """Splits for the picks' split groups that have none yet."""
    picks = rows.select("image_id", is_control=pl.col("arm") == "control").join(
        night.pool.images, on="image_id", maintain_order="left"
    )
    standing = dict(night.known.splits.select("split_group_id", "split").iter_rows())
    in_train = _in_training(night, picks, standing)
    standing |= dict.fromkeys(in_train["split_group_id"], "train")
    others = _proposed(cycle, night, picks, standing)
    return pl.concat([others, in_train]).sort("split_group_id")


def _in_training(night: _Night, picks: pl.DataFrame, standing: Mapping[str, str]) -> pl.DataFrame:
    """Splits of the groups of synthetic picks, which are only ever trained on."""
    rows = picks.select("image_id", "split_group_id").rows()
    return split_rows(
        dict.fromkeys(groups_for_training(rows, synthetic_images(night.known.sightings), standing), ("train", POLICY))
    )


def _proposed(cycle: Cycle, night: _Night, picks: pl.DataFrame, standing: Mapping[str, str]) -> pl.DataFrame:
    """Splits for the other groups, by the project's policy."""
    settings, seed = cycle.project.selection, derive_seed(cycle.seed, STAGE, "splits")
    proposed = picks.select("split_group_id", "is_control").rows()
    test_ratio, val_ratio = settings.control_test_ratio, settings.val_ratio
    if cycle.project.splits.policy == "random":
        return propose_splits(proposed, standing, control_test_ratio=test_ratio, val_ratio=val_ratio, seed=seed)
    labels = [night.classes.get(name) for name in night.candidates.names]
    rows_of_picks = _rows(night.pool.images["image_id"], picks["image_id"].to_list())
    looks = looks_of(night.candidates.vectors, rows_of_picks, labels, seed)
    return propose_curated_splits(
        proposed,
        standing,
        group_looks(picks["split_group_id"].to_list(), looks),
        control_test_ratio=test_ratio,
        test_ratio=cycle.project.splits.curated_test_ratio,
        val_ratio=val_ratio,
        seed=seed,
    )


def _of_another_backbone(night: _Night) -> dict[str, int]:
    count = night.images.len() - night.embedded.len()
    return {OTHER_BACKBONE: count} if count else {}


def _said_of_another_backbone(night: _Night) -> str:
    count = _of_another_backbone(night).get(OTHER_BACKBONE)
    said = f" {count} images of earlier nights are not in the pool: another backbone or side_px embedded them."
    return said if count else ""


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(sorted(rows[column].cast(str).value_counts().iter_rows()))
