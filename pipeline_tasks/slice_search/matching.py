"""Images that are like those of a requested slice: by what is recorded and measured, else by the nearest test image.

A cluster, or a shift of colours that is measured on test images only, has no rule for other images; there an image belongs to the
slice if the test image that it resembles most does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.evaluation.found_slices.sought import Booleans, Bounds
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.project_state import SliceRequest, SliceRequests
from pipeline_tasks.records.requirement import Requirement
from pipeline_tasks.selection.pool import Metadata
from pipeline_tasks.selection.quota import SLICE, Lacking
from pipeline_tasks.selection.wanted import metadata_of
from pipeline_tasks.settings import Project
from pipeline_tasks.slice_search.recorded import NUMBERS, TEXTS, recorded_with
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.name_balance import short_names
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.found_slice import FoundSliceImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label

_AT_ONCE = 4096


def standing_requests(store: Store) -> Sequence[SliceRequest]:
    """Requests that nobody has withdrawn."""
    return (store.state().value(SliceRequests) or SliceRequests()).requests


def slices_of(store: Store, requests: Sequence[SliceRequest], image_ids: Sequence[str]) -> dict[str, str]:
    """image_id → words of the slice that it is like; of several the one that was asked for first."""
    if not requests:
        return {}
    names = pl.Series(list(image_ids), dtype=pl.String)
    rows = recorded_with(store, names)
    found: dict[str, str] = {}
    for one in requests:
        for image_id in names.filter(pl.Series(_belongs(store, one, rows), dtype=pl.Boolean)):
            found.setdefault(image_id, one.words)
    return found


def wanted_slices(store: Store) -> dict[str, int]:
    """Words of each requested slice → labelled images wanted."""
    return {one.words: one.images for one in standing_requests(store)}


def lacking_of(store: Store, project: Project) -> Lacking:
    """Labels that a project lacks, those of requested slices among them."""
    return Lacking(project, short_names(store, project), wanted_slices(store))


def with_slices(
    store: Store, lacking: Lacking, sightings: pl.DataFrame, image_ids: Sequence[str], lights: Mapping[str, str]
) -> list[Metadata]:
    """Metadata of images as a selection takes them, with the requested slice that each is like."""
    metadata = metadata_of(sightings, image_ids, lights)
    like = slices_of(store, standing_requests(store), image_ids) if lacking.slices else {}
    return [
        {**told, SLICE: like[image_id]} if image_id in like else told for image_id, told in zip(image_ids, metadata, strict=True)
    ]


def counted_slices(store: Store, requests: Sequence[SliceRequest]) -> tuple[Requirement, ...]:
    """Labelled images of each request that are wanted and there, of all images of the project; test images count, too."""
    if not requests:
        return ()
    images = store.history(Image, ["image_id"])["image_id"].unique(maintain_order=True)
    states = store.current(Label, ["image_id", "state"])
    labelled = set(states.filter(pl.col("state").cast(pl.String).is_in(["labelled", "empty"]))["image_id"])
    counted = []
    for one in requests:
        like = set(slices_of(store, [one], images.to_list()))
        counted.append(Requirement(SLICE, one.words, one.images, len(like & labelled), len(like - labelled)))
    return tuple(counted)


def _belongs(store: Store, one: SliceRequest, rows: pl.DataFrame) -> Booleans:
    """Membership of each row."""
    if one.about in TEXTS:
        found: Booleans = (rows[one.about] == one.value).fill_null(value=False).to_numpy()
        return found
    if one.about in NUMBERS:
        bounds, values = Bounds.read(one.value), rows[one.about].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        low, high = (infinity if bound is None else bound for bound, infinity in ((bounds.low, -np.inf), (bounds.high, np.inf)))
        is_within: Booleans = (values >= low) & (values < high)
        return is_within
    return _nearest_belongs(store, one, rows["image_id"].to_list())


def _nearest_belongs(store: Store, one: SliceRequest, image_ids: list[str]) -> Booleans:
    """Membership of the test image that each image resembles most, by the newest embeddings; False without an embedding."""
    evaluated = store.find_summary(one.cycle_id, EvaluateModelSummary)
    if evaluated is None or evaluated.dataset_cycle_id is None:
        return np.zeros(len(image_ids), np.bool_)
    version = store.read(DatasetImage, evaluated.dataset_cycle_id)
    test = version.filter(pl.col("split").cast(pl.String) == "test")["image_id"].to_list()
    members = set(store.read(FoundSliceImage, one.cycle_id).filter(pl.col("number") == one.number)["image_id"])
    backbone = newest_backbone_digest(store)
    known, asked = read_embeddings(store, test, backbone), read_embeddings(store, image_ids, backbone)
    if not known.has_embedding.any() or not asked.has_embedding.any():
        return np.zeros(len(image_ids), np.bool_)
    centre = known.vectors[known.has_embedding].mean(axis=0)
    is_member = np.array([image_id in members for image_id in test])[known.has_embedding]
    bases = _units(known.vectors[known.has_embedding] - centre)
    parts = [asked.vectors[at : at + _AT_ONCE] for at in range(0, len(image_ids), _AT_ONCE)]
    nearest = np.concatenate([np.argmax(_units(part - centre) @ bases.T, axis=1) for part in parts])
    found: Booleans = is_member[nearest] & asked.has_embedding
    return found


def _units(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: npt.NDArray[np.float32] = vectors / np.where(lengths > 0, lengths, 1)
    return units
