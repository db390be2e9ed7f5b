"""Erase images; only a random name is left of each, wherever it must still be mentioned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

import polars as pl

from pipeline_tasks.errors import ChangedMeanwhileError, SettingsError
from pipeline_tasks.records.cycle import Cycle, CycleOpening, check_cycle_id
from pipeline_tasks.records.erase import EraseSummary
from pipeline_tasks.records.project_state import LabelStudioMoves
from pipeline_tasks.storage.erasure.erased_images import keyed, project_key
from pipeline_tasks.storage.erasure.erasing import Reach, finish_erasure, reach_of
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan, drop_plan, keep_plan, read_plan, tombstones_of
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.rows_about import rows_about
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions.version_history import trained_models
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.sighting import Sighting

STAGE = "erase"
TRIES = 5
FEWEST_DIGITS = 8
LABEL_STUDIO = "Label Studio: no address was given, so its tasks still exist; erase again in the same cycle with an address"


class Outside(Protocol):
    """Copies of the images outside the root; `OutsideCopies` implements it."""

    def erase(self, root: ObjectStore, outside_name: str, plan: ErasurePlan) -> None:
        """Delete the copies of the plan's images."""
        ...


class LabelingTasks(Protocol):
    """Calls to Label Studio."""

    def delete_tasks_of(self, project_ids: Collection[int], image_ids: Collection[str]) -> None:
        """Delete the tasks of these projects that name one of the images."""
        ...

    def delete_tasks(self, task_ids: Sequence[int]) -> None:
        """Delete tasks with their annotations."""
        ...


def erase(
    store: Store,
    opening: CycleOpening,
    outside_copies: Outside,
    image_ids: Sequence[str] = (),
    label_studio: LabelingTasks | None = None,
) -> EraseSummary:
    """Erase images in a cycle of its own kind. After an interruption the same call continues; when done, it returns the summary.

    Raises:
        SettingsError: an image_id (which may be shortened) matches no image or several, or the cycle erases others.
        CycleTakenError: another run owns this cycle_id.
        CorruptObjectError: a damaged object may contain the images; run `verify_store --mend-from` first.
        ChangedMeanwhileError: other stages kept finishing meanwhile; nothing was erased, try again.
        ServiceUnavailableError: Label Studio does not respond; a retry continues.
    """
    summary = store.finished(check_cycle_id(opening.cycle_id), STAGE, EraseSummary)
    asked = _asked(store, opening.cycle_id, image_ids) if summary is None else []
    cycle = open_manual_cycle(store, opening, "erasure")
    if summary is None:
        summary = _recorded(store, cycle, asked)
    plan = read_plan(store.objects, opening.cycle_id)
    if plan is not None:
        if label_studio is not None:
            label_studio.delete_tasks(plan.labeling_tasks)
            moves = store.state().value(LabelStudioMoves)
            # Tasks of a project that was made again have other numbers than the recorded ones.
            label_studio.delete_tasks_of(set() if moves is None else set(moves.places.values()), set(plan.tombstones))
        outside_copies.erase(store.objects, cycle.outside_name, plan)
        finish_erasure(store, opening.cycle_id, STAGE, plan)
        if label_studio is None and plan.labeling_tasks:
            # Only the plan still knows the images: the same call with an address completes the erasure.
            return replace(summary, left_outside=[LABEL_STUDIO])
        drop_plan(store.objects, opening.cycle_id)
    return replace(summary, left_outside=[])


def find_images(store: Store, wanted: Sequence[str]) -> list[str]:
    """Sorted image_ids of the wanted images; each may be shortened as long as only one image matches.

    Raises:
        SettingsError: one matches none or several, or the list is empty.
    """
    known, found = store.every_row(Image)["image_id"].unique(), set()
    for one in wanted:
        fitting = known.filter(known.str.starts_with(one)).to_list() if len(one) >= FEWEST_DIGITS else []
        if len(fitting) != 1:
            many = f"fits {len(fitting)} images" if fitting else "fits no image"
            raise SettingsError(f"image: wanted an image_id of this project, or {FEWEST_DIGITS} digits of one; {one!r} {many}")
        found.add(fitting[0])
    if not found:
        raise SettingsError("image: wanted at least one image to erase, found none")
    return sorted(found)


def images_of_person(store: Store, tag: str) -> list[str]:
    """Images with a sighting whose device, clip or site is this tag, or whose key contains it as a folder or file name.

    Raises:
        SettingsError: there is none.
    """
    sightings = store.every_row(Sighting)
    is_part = pl.col("key").str.split("/").list.contains(tag) | (pl.col("key").str.extract(r"([^/]+?)(\.[^./]*)?$", 1) == tag)
    is_tagged = pl.any_horizontal(pl.col("device", "clip", "site") == tag)
    found = sightings.filter(is_part | is_tagged.fill_null(value=False))["image_id"].unique().sort().to_list()
    if not found:
        raise SettingsError(f"person: wanted a device, clip, site, folder or file name of a sighting, found none like {tag!r}")
    return found


def erasure_of(store: Store, image_ids: Sequence[str]) -> EraseSummary:
    """Extent of an erasure of these images; changes nothing."""
    plan = make_plan(store, image_ids, 0, "dry run")
    return describe(store, plan, reach_of(store, plan, "dry run", writes=False))


def make_plan(store: Store, image_ids: Sequence[str], seed: int, cycle_id: str) -> ErasurePlan:
    """Plan of the erasure, with the data that cannot be found once the rows are gone."""
    md5s = dict(rows_about(store, Image, image_ids).select("image_id", "md5").iter_rows())
    files = rows_about(store, Sighting, image_ids).select("source", "key", "object_version").unique().sort("source", "key")
    return ErasurePlan(
        tombstones=tombstones_of(image_ids, seed, cycle_id),
        md5s=md5s,
        annotation_ids=tuple(sorted(set(rows_about(store, Annotation, image_ids)["annotation_id"]))),
        files=tuple(files.rows()),
        labeling_tasks=tuple(sorted(set(rows_about(store, LabelingTask, image_ids)["label_studio_task_id"]))),
    )


def describe(store: Store, plan: ErasurePlan, reach: Reach) -> EraseSummary:
    """Extent of the erasure, as numbers."""
    learnt_from = {name for name, splits in reach.splits_by_version.items() if {"train", "val"} & set(splits)}
    return EraseSummary(
        images=len(plan.tombstones),
        tombstones=sorted(plan.tombstones.values()),
        rows_by_table=dict(sorted(reach.rows_by_table.items())),
        splits_by_version=reach.splits_by_version,
        models=sorted({model.model_digest for model in trained_models(store) if model.dataset_id in learnt_from}),
        labeling_tasks=len(plan.labeling_tasks),
        revisions=reach.revisions,
    )


def _asked(store: Store, cycle_id: str, wanted: Sequence[str]) -> list[str]:
    """The images to erase; those of a killed try, if there was one."""
    plan = read_plan(store.objects, cycle_id)
    found = find_images(store, wanted) if plan is None or wanted else sorted(plan.tombstones)
    if plan is not None and found != sorted(plan.tombstones):
        raise SettingsError(
            f"image: the erasure of cycle {cycle_id} was interrupted while it erased {len(plan.tombstones)} other images; "
            "let it continue without naming any image, then erase these in another cycle"
        )
    return found


def _recorded(store: Store, cycle: Cycle, image_ids: Sequence[str]) -> EraseSummary:
    """Write the replacements, then the event, unless another event was recorded since the state was read."""
    for left in reversed(range(TRIES)):
        seen = store.state().sequence
        plan = make_plan(store, image_ids, cycle.seed, cycle.cycle_id)
        _keep_newest(store.objects, cycle.cycle_id, plan)
        rows = _rows(project_key(store.objects), plan)
        reach = reach_of(store, plan, cycle.cycle_id, writes=True)
        summary = describe(store, plan, reach)
        writes = [(ErasedImage, rows)]
        try:
            return store.finish(cycle.cycle_id, STAGE, summary, writes, replaced=reach.replaced, expected_sequence=seen)
        except ChangedMeanwhileError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _keep_newest(objects: ObjectStore, cycle_id: str, plan: ErasurePlan) -> None:
    """Replace the plan of a killed try, which may have seen fewer annotations."""
    standing = read_plan(objects, cycle_id)
    if standing is not None and standing != plan:
        drop_plan(objects, cycle_id)
    keep_plan(objects, cycle_id, plan)


def _rows(key: bytes, plan: ErasurePlan) -> pl.DataFrame:
    """Rows of `erased_images`."""
    return pl.DataFrame(
        {
            "tombstone": list(plan.tombstones.values()),
            "keyed_image_id": [keyed(key, image_id) for image_id in plan.tombstones],
            "keyed_md5": [keyed(key, plan.md5s[image_id]) for image_id in plan.tombstones],
        }
    ).sort("tombstone")
