"""Search for slices of a candidate's test images, by what the store has recorded with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.evaluation.found_slices.clusters import cluster
from pipeline_tasks.evaluation.found_slices.colours import GREEN_LESS_OTHERS, RED_LESS_BLUE
from pipeline_tasks.evaluation.found_slices.finding import FoundSlice, Search, find_slices, large_enough
from pipeline_tasks.evaluation.found_slices.sought import Floats, Integers, Sought, by_bounds, by_clusters, by_values
from pipeline_tasks.settings.gates import GateSettings
from pipeline_tasks.slice_search.recorded import NUMBERS, TEXTS, recorded_with
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store

CLUSTERS = (8, 24)
"""Numbers of clusters that are looked at."""
COLOURS = {RED_LESS_BLUE: "red less blue", GREEN_LESS_OTHERS: "green less red and blue"}


def search_of(gates: GateSettings, seed: int) -> Search | None:
    """The search that a project asks for."""
    if gates.found_slice_p is None:
        return None
    return Search(gates.found_slice_p, bootstrap_samples=gates.bootstrap_samples, confidence=gates.confidence, seed=seed)


@dataclass(frozen=True)
class Searched:
    """Found slices, and the number of slices that were looked at."""

    looked_at: int
    found: tuple[FoundSlice, ...]
    image_ids: pl.Series
    scores: Floats

    @property
    def words(self) -> list[str]:
        """Rule of each found slice, the most certain first."""
        return [one.slice.words for one in self.found]

    def rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of `found_slices` and `found_slice_images`; at least one slice was found."""
        slices = pl.DataFrame([_row(number, one) for number, one in enumerate(self.found, 1)])
        members = [
            pl.DataFrame({"image_id": self.image_ids, "score": self.scores})
            .filter(pl.Series(one.slice.is_member))
            .select(pl.lit(number, pl.Int32).alias("number"), "image_id", "score")
            for number, one in enumerate(self.found, 1)
        ]
        return slices, pl.concat(members)


def search_slices(
    store: Store,
    image_ids: pl.Series,
    groups: Integers,
    scores: Sequence[Floats],
    colours: Mapping[str, Mapping[str, float]],
    search: Search,
) -> Searched:
    """Slices on which the mean of the models' image scores is lower than elsewhere.

    `groups` and each of `scores` (one a model) go with `image_ids`; `colours`: image_id → its colour shift.
    """
    mean: Floats = np.mean(scores, axis=0)
    sought = _sought(store, image_ids, colours, search.seed)
    found = find_slices(mean, groups, sought, search)
    return Searched(len(large_enough(sought, groups, search.min_groups)), found, image_ids, mean)


def _sought(store: Store, image_ids: pl.Series, colours: Mapping[str, Mapping[str, float]], seed: int) -> list[Sought]:
    """Every slice by values, by bounds and by clusters."""
    rows = recorded_with(store, image_ids)
    shifts = {name: [colours.get(one, {}).get(name) for one in image_ids] for name in COLOURS}
    rows = rows.with_columns(**{name: pl.Series(values, dtype=pl.Float64) for name, values in shifts.items()})
    clusters = [one for numbers in _clusters(store, image_ids, seed) for one in by_clusters(numbers)]
    return [*by_values(rows, TEXTS), *by_bounds(rows, NUMBERS | COLOURS), *clusters]


def _clusters(store: Store, image_ids: pl.Series, seed: int) -> list[Integers]:
    """Number of each image's cluster, by the newest embeddings; -1 for an image without one."""
    embeddings = read_embeddings(store, image_ids.to_list(), newest_backbone_digest(store))
    there = embeddings.has_embedding
    vectors = embeddings.vectors[there].astype(np.float64)
    found: list[Integers] = []
    for count in CLUSTERS if len(vectors) else ():
        numbers = np.full(len(there), -1, np.int64)
        numbers[there] = cluster(vectors - vectors.mean(axis=0), count, seed)
        found.append(numbers)
    return found


def _row(number: int, one: FoundSlice) -> dict[str, object]:
    low, high = (None if np.isnan(bound) else bound for bound in (one.low, one.high))
    said = {"number": number, "about": one.slice.about, "value": one.slice.value, "words": one.slice.words}
    figures = {"images": one.images, "groups": one.groups, "inside": one.inside, "outside": one.outside, "p": one.p}
    return said | figures | {"low": low, "high": high, "also": "\n".join(one.also)}
