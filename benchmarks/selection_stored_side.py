"""Our side of `benchmarks/selection_studio.py`: `python -m benchmarks.selection_stored_side VECTORS COUNT FOLDER`.

The steps do what LightlyStudio's do, through the real store on a disk. `index` writes the parts of shards as `measure_images`
does (images, sightings, embeddings; measurements too, which LightlyStudio has not), runs `record_images` on them, and reads the
pool back. `diverse` and `typicality` read the pool from the store, and record their picks and scores there. FOLDER/answer.npz
takes the numbers of the picks, and the typicality of all rows with their numbers.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.timed_steps import take_steps
from pipeline_tasks.neighbors.cosine import Floats, unit_rows
from pipeline_tasks.records.cycle import Cycle, CycleArguments
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.selection.arms import interleave
from pipeline_tasks.selection.choosing import choose
from pipeline_tasks.selection.rows import scores_of, selected_images
from pipeline_tasks.selection.typicality import typicality
from pipeline_tasks.settings import Project, parse_project
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.tables.table_files import write_shard
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.selection_score import SelectionScore
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import Table, empty

STARTED_AT = datetime(2026, 11, 21, tzinfo=timezone.utc)
NO_CONTROL = np.empty(0, np.int64)
Result = dict[str, npt.NDArray[np.generic]]
Columns = dict[str, object]


@dataclass(frozen=True)
class Counted:
    """Record of a step."""

    rows: int


def main() -> None:
    """Do it once."""
    vectors, count, folder = np.load(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    store, cycle = Store(DiskObjects(folder / "root")), _cycle()
    result: Result = {}
    steps: dict[str, Callable[[], None]] = {
        "index": lambda: _index(store, cycle, vectors),
        "diverse": lambda: _diverse(store, cycle, count, result),
        "typicality": lambda: _typicality(store, cycle, result),
    }
    take_steps(steps)
    number_of = {_image_id(number): number for number in range(len(vectors))}
    picks, numbers = ([number_of[one] for one in result[name].tolist()] for name in ("picks", "numbers"))
    np.savez(folder / "answer.npz", picks=picks, numbers=numbers, scores=result["scores"])


def _index(store: Store, cycle: Cycle, vectors: Floats) -> None:
    """Take the vectors in as a night does, and read them back as a pool."""
    size = cycle.project.shard_images
    firsts = range(0, len(vectors), size)
    store.finish(cycle.cycle_id, "list_new_images", ListNewImagesSummary(len(vectors), len(vectors), 0, len(firsts)))
    for shard, first in enumerate(firsts):
        for table, rows in _part(first, vectors[first : first + size]).items():
            write_shard(store.objects, table, cycle.cycle_id, shard, rows)
    record_images(store, cycle)
    _pool(store)


def _diverse(store: Store, cycle: Cycle, count: int, result: Result) -> None:
    names, units = _pool(store)
    chosen = choose(units, budget=count, seed=0, objectives="diversity")
    rows = selected_images(names, NO_CONTROL, chosen, interleave(0, len(chosen.picks)))
    writes = [(SelectedImage, rows), (SelectionScore, scores_of(names, chosen))]
    store.finish(cycle.cycle_id, "select_images", Counted(rows.height), writes)
    result["picks"] = np.asarray(names)[chosen.picks]


def _typicality(store: Store, cycle: Cycle, result: Result) -> None:
    names, units = _pool(store)
    scores = typicality(units)
    rows = pl.DataFrame({"image_id": names, "objective": "typicality", "score": scores})
    store.finish(cycle.cycle_id, "score_typicality", Counted(rows.height), [(SelectionScore, rows)])
    result |= {"numbers": np.asarray(names), "scores": scores}


def _pool(store: Store) -> tuple[list[str], Floats]:
    """All images of the store by name, and their embeddings scaled to length 1."""
    names = store.history(Image)["image_id"].to_list()
    return names, unit_rows(read_embeddings(store, names, newest_backbone_digest(store)).vectors)


def _part(first: int, vectors: Floats) -> dict[type[Table], pl.DataFrame]:
    """Output of `measure_images` for one shard."""
    numbers = range(first, first + len(vectors))
    ids = pl.Series("image_id", [_image_id(number) for number in numbers])
    keys = [f"{number:07}.png" for number in numbers]
    image: Columns = {
        "size_bytes": 1,
        "file_format": "PNG",
        "width_px": 640,
        "height_px": 480,
        "orientation": 1,
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
    }
    measured: Columns = {"luma_mean": 90.0, "luma_contrast": 40.0, "sharpness": 300.0, "entropy_bits": 7.0, "perceptual_hash": 1}
    seen: Columns = {
        "is_synthetic": False,
        "source": "given",
        "key": pl.Series(keys),
        "object_version": "1",
        "modified_at": STARTED_AT,
    }
    embeddings = pl.Series(list(vectors), dtype=pl.List(pl.Float32))
    return {
        Image: _rows(Image, {"image_id": ids, "md5": ids.str.head(32)} | image),
        Measurement: _rows(Measurement, {"image_id": ids, "pixels_sha256": ids} | measured),
        Embedding: _rows(Embedding, {"image_id": ids, "backbone_digest": "0" * 64, "engine": "given", "embedding": embeddings}),
        Sighting: _rows(Sighting, {"image_id": ids} | seen),
        RejectedSighting: empty(RejectedSighting),
    }


def _rows(table: type[Table], columns: Columns) -> pl.DataFrame:
    """Columns of this table, one value for all rows where only one is given; what is not given is null."""
    found = pl.DataFrame({"image_id": columns["image_id"]})
    typed = [pl.lit(columns.get(name)).cast(kind).alias(name) for name, kind in empty(table).schema.items()]
    return found.with_columns(typed).select(list(empty(table).schema)).sort(table.primary_key())


def _image_id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def _cycle() -> Cycle:
    return Cycle("2026-11-21", "nightly", _project(), CycleArguments(), 1, 0, STARTED_AT, "benchmark")


def _project() -> Project:
    content = {"project": "given", "classes": ["one", "other"], "sources": [{"name": "given", "path": "given"}]}
    return parse_project(content | {"selection": {"budget": 1}, "labeling": {"deadline_s": 1}, "gates": {"margin": 0}}, "benchmark")


if __name__ == "__main__":
    main()
