"""Workload of the kill matrix: nights of storage work, written like stages, so that each can be run again at any point.

`tell(key, digest)` acknowledges: from then on the object must be there for good, in just these bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import polars as pl
from given import SMALL_PNG, STARTED_AT, a_project

from pipeline_tasks.errors import AlreadyThereError, StorageError
from pipeline_tasks.records.cycle import Cycle, CycleArguments, CycleOpening
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.records.project_state import Champion, Dataset
from pipeline_tasks.stages.tend.collect_garbage import collect_garbage
from pipeline_tasks.stages.tend.erase import erase
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.storage.blobs.annotation_log import append_revision
from pipeline_tasks.storage.blobs.checkpoint_files import drop_checkpoints, keep_checkpoint, newest_checkpoint, put_candidate
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.blobs.report_files import PAGE, write_report_file
from pipeline_tasks.storage.blobs.response_files import put_responses, read_responses
from pipeline_tasks.storage.blobs.serving_pointer import pointer_to, replace_pointer
from pipeline_tasks.storage.blobs.thumbnails import put_thumbnail
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.blobs.view_files import read_views, write_views
from pipeline_tasks.storage.care.backup import back_up, is_left_out
from pipeline_tasks.storage.care.collecting import collect as collecting_objects
from pipeline_tasks.storage.care.mending import verify_and_mend
from pipeline_tasks.storage.erasure import erased_images
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.history.cycles import read_cycle, record_opening
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.ledger.generation import empty_project, read_generation
from pipeline_tasks.storage.objects import layout, spans
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.compacted_tables import TableReader, keys_in_use
from pipeline_tasks.storage.tables.table_files import TableFile, encode, read_shard, write_shard, write_shard_once, write_table
from pipeline_tasks.storage.versions import restricted_view
from pipeline_tasks.storage.versions.dataset_versions import write_version
from pipeline_tasks.storage.versions.published_files import Publication, put_folder, record_publication
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.table import empty
from pipeline_tasks.tables.unneeded_object import UnneededObject

NIGHTS = 3
IMAGES = 3
EPOCHS = 4
RECIPE = "r" * 24
ROT = b"rot"
MAY_GO = "may-go"
"""Acknowledges nothing: what was acknowledged before may go, or rot."""
Tell = Callable[[str, str], None]


@dataclass(frozen=True)
class Summary:
    """Record of the workload's stages."""

    found: int
    index_key: str | None = None
    candidate_key: str | None = None
    candidate_sha256: str | None = None
    model_digest: str | None = None


def nights(store: Store, tell: Tell, _: Path | None = None) -> None:
    """Three nights, one after the other."""
    for number in range(1, NIGHTS + 1):
        night(store, number, tell)


def emptying(store: Store, tell: Tell, _: Path) -> None:
    """A night, an emptying, and a night of the next generation."""
    try:
        generation = read_generation(store.objects)
    except StorageError:
        tell(MAY_GO, "")
        generation = empty_project(store.objects)
    for following in (2, 3, 4):
        if generation < following:
            night(store, 1, tell)
            tell(MAY_GO, "")
            generation = empty_project(store.objects)
            store = Store(store.objects)
    night(store, 1, tell)


def mending(store: Store, tell: Tell, folder: Path) -> None:
    """A night, rot, and a second copy that mends it; each time the rot is the same."""
    copy, is_copied = DiskObjects(folder / "copy"), folder / "copied"
    if not is_copied.exists():
        night(store, 1, tell)
        for key in store.objects.list(""):
            _plant(Store(copy), key, store.objects.read(key).content)
        is_copied.touch()
    tell(MAY_GO, "")
    for number, key in enumerate(key for key in copy.list("") if key.split("/")[0] in ("files", "models", "tables")):
        if number % 2:
            store.objects.delete(key)
            continue
        standing = store.objects.read(key)
        if standing.content != ROT:
            store.objects.replace(key, ROT, standing.etag)
    mended = verify_and_mend(store.objects, copy)
    assert not mended.verification.damaged, mended
    night(store, 1, tell)


def backing_up(store: Store, tell: Tell, folder: Path) -> None:
    """A copy beside a root whose pointer moves on; brought up to date twice, it is the root."""
    copy = DiskObjects(folder / "copy")
    for number in (1, 2):
        night(store, number, tell)
        rotten = back_up(store.objects, copy).rotten
        # A night plants broken views, and one that was killed before it dropped such a one leaves it: made again at need.
        assert all(key.startswith("derived/") for key in rotten), rotten
    for key in store.objects.list(""):
        is_excused = is_left_out(key) or key in rotten
        assert is_excused or copy.read(key).content == store.objects.read(key).content, key


def publishing(store: Store, tell: Tell, folder: Path) -> None:
    """A version is published, and then a larger one under the same record; readers get links."""
    night(store, 1, tell)
    for images in (1, 2):
        keys = {layout.original(hashlib.md5(b"%d" % one, usedforsecurity=False).hexdigest()) for one in range(images)}
        content = json.dumps(sorted(keys)).encode()
        name = hashlib.md5(content, usedforsecurity=False).hexdigest() + ".dir"
        folder_key = put_folder(store.objects, name, content)
        record_publication(store.objects, Publication(hex_id("published"), "originals", folder_key, {}))
        restricted_view.show(folder / "view", folder / "root", {*keys, folder_key})


def collecting(store: Store, tell: Tell, folder: Path) -> None:
    """A night, garbage, and collections that find, move and delete it; some of it is named again. Then another night."""
    night(store, 1, tell)
    cycle = read_cycle(store, "2026-11-01")
    if not (folder / "littered").exists():
        _litter(store)
        (folder / "littered").touch()
    for number in range(1, 9):
        tend(store, number)
        if number == 2:
            # Its writer had found the table before it was moved.
            store.record(cycle.cycle_id, "name_litter", Summary(1), (_litter_table(0),))
            _told(store, cycle, "name_litter", tell)
    night(store, 2, tell)


def tend(store: Store, number: int, year: int = 2020, *, is_dry_run: bool = False) -> dict[str, int]:
    """A collection that waits for nothing, by default from before any file of a kill was written; its plan, by action."""
    none = dict.fromkeys(["young_days", "trash_days", "damaged_days"], 0)
    started_at, cycle_id = datetime(year, 1, number, tzinfo=timezone.utc), f"{year + 6}-12-{number:02d}"
    project = a_project(housekeeping=none)
    planned = plan_collection(store, CycleOpening(project, cycle_id, "kill matrix", started_at, "test"), is_dry_run)
    collect_garbage(store, read_cycle(store, cycle_id))
    return planned.objects


def tidy(store: Store) -> None:
    """One collection, many years later; no unneeded object and no temporary file may be left."""
    tend(store, 1, 2100, is_dry_run=True)
    tend(store, 2, 2100)
    left = tend(store, 3, 2100, is_dry_run=True)
    # By then the collection's own snapshots may have got too many: those are folds of the ledger.
    needless = [key for key in store.read(UnneededObject, "2106-12-03")["key"] if not key.startswith(layout.SNAPSHOTS)]
    in_place = [key for key in needless if key in set(store.objects.list(""))]
    assert not in_place, (left, in_place)
    if isinstance(store.objects, DiskObjects):
        assert not store.objects.temporary_files(datetime(2100, 1, 1, tzinfo=timezone.utc))


def _litter(store: Store) -> None:
    """Leftovers of killed writers: originals, tables, a part, models, a half-written file; and an extra snapshot."""
    for one in range(3):
        content = b"litter %d" % one
        put_original(store.objects, content)
        put_model(store.objects, content)
        write_table(store.objects, QualityIssue, "2026-11-01", _litter_rows(one))
        # An earlier collection was interrupted, and its object written again with other bytes.
        _plant(store, layout.trash(layout.model(hashlib.sha256(content).hexdigest())), b"torn")
    if isinstance(store.objects, DiskObjects):
        half = store.objects._folder / ".temporary" / "half"
        half.write_bytes(b"half an obj")
        os.utime(half, (0, 0))


def _litter_rows(one: int) -> pl.DataFrame:
    return issues([hex_id(f"litter {one}")], 1.0)


def _litter_table(one: int) -> TableFile:
    """Entry of an event that names this table."""
    sha256 = hashlib.sha256(encode(QualityIssue, _litter_rows(one))).hexdigest()
    name = QualityIssue.table_name
    return TableFile(name, "2026-11-01", layout.table(name, "2026-11-01", sha256), sha256, 1)


def erasing(store: Store, tell: Tell, folder: Path) -> None:
    """A night whose version, answer, report, part and copy hold an image; it is erased, and the copy is brought up to date."""
    state.SNAPSHOT_EVERY_EVENTS, erased_images.fresh_key = 3, lambda: b"k" * 32
    content, copy, view = b"image 0 of night 1" * 50, DiskObjects(folder / "copy"), folder / "view"
    image_id, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content, usedforsecurity=False).hexdigest()
    if store.event("2026-11-20", "erase") is None:
        _speak_of(store, image_id)
        back_up(store.objects, copy)
        restricted_view.show(view, folder / "root", {layout.original(md5)})
    tell(MAY_GO, "")
    erase(store, CycleOpening(a_project(), "2026-11-20", "kill matrix", STARTED_AT, "test"), OutsideLinks(view), [image_id])
    _plant(store, layout.compacted("images", "0" * 64), b"of a reader that was killed before it looked at the erasure")
    collecting_objects(store, empty(UnneededObject), store.state().sequence)
    back_up(store.objects, copy)
    for objects in (store.objects, copy):
        assert not [one for one in objects.list("") if image_id in one or layout.original(md5) in one]


def _speak_of(store: Store, image_id: str) -> None:
    """Rows about an image."""
    night(store, 1, lambda _, __: None)
    rows = pl.DataFrame({"image_id": sorted([image_id, hex_id("other")]), "split": "train"})
    write_version(store.objects, hex_id("held"), rows, about=VersionAbout())
    append_revision(store.objects, "1-7", digest_of({"answer": 7}), {"answer": 7})
    answer = {"annotation_id": "1-7", "task_key": hex_id("task"), "round_id": "round", "image_id": image_id}
    answer |= {"revision": digest_of({"answer": 7}), "annotator_id": "anna", "state": "answered", "is_starred": False}
    annotation = pl.DataFrame(answer).with_columns(lead_time_s=1.0, updated_at=pl.lit(STARTED_AT))
    store.finish("2026-11-19", "answer", Summary(1), [(Annotation, annotation)])
    write_shard(store.objects, QualityIssue, "2026-11-19", 0, issues([image_id, hex_id("other")], 1.0))
    write_report_file(store.objects, "2026-11-19", PAGE, f"shows {image_id}".encode())


@dataclass(frozen=True)
class OutsideLinks:
    """Takes the links of readers away, as `OutsideCopies` does."""

    view: Path

    def erase(self, root: ObjectStore, outside_name: str, plan: ErasurePlan) -> None:
        """Behind the event, before anything is deleted."""
        restricted_view.hide(self.view, map(layout.original, plan.md5s.values()))


WORKLOADS = {
    "nights": nights,
    "emptying": emptying,
    "mending": mending,
    "backing_up": backing_up,
    "publishing": publishing,
    "collecting": collecting,
    "erasing": erasing,
}


def night(store: Store, number: int, tell: Tell) -> None:
    """One cycle, stage by stage; what has been done is not done again."""
    state.SNAPSHOT_EVERY_EVENTS, spans.FANOUT = 3, 2
    cycle = Cycle(f"2026-11-{number:02d}", "nightly", a_project(), CycleArguments(), 1, number, STARTED_AT, "test")
    record_opening(store, cycle, "kill matrix")
    _told(store, cycle, "open_cycle", tell)
    for stage in (record_images, collect, build_version, train, promote, roll_out):
        stage(store, cycle, number)
        _told(store, cycle, stage.__name__, tell)
    for text in ("draft", "final"):
        write_report_file(store.objects, cycle.cycle_id, PAGE, f"{text} of {cycle.cycle_id}".encode())


def record_images(store: Store, cycle: Cycle, number: int) -> None:
    """Put originals and what is derived from them; shards learn, a stage records two tables."""
    if store.finished(cycle.cycle_id, "record_images", Summary) is not None:
        return
    rows = []
    for image in range(IMAGES):
        content = f"image {image} of night {number}".encode() * 50
        image_id, md5 = put_original(store.objects, content)
        put_thumbnail(store.objects, image_id, b"thumbnail of " + content)
        _views(store, image_id)
        size = SMALL_PNG | {"size_bytes": len(content)}
        rows.append({"image_id": image_id, "md5": md5, **size})
    ids = sorted(row["image_id"] for row in rows)
    for shard in range(2):
        for value in (1.0, 2.0):
            write_shard(store.objects, QualityIssue, cycle.cycle_id, shard, issues([ids[shard]], value))
    write_shard_once(store.objects, QualityIssue, cycle.cycle_id, 2, issues([ids[2]], 3.0))
    learnt = pl.concat([read_shard(store.objects, QualityIssue, cycle.cycle_id, shard) for shard in range(2)])
    images = pl.DataFrame(rows).cast({"width_px": pl.Int32, "height_px": pl.Int32, "orientation": pl.Int8, "frames": pl.Int32})
    store.finish(cycle.cycle_id, "record_images", Summary(IMAGES), [(Image, images), (QualityIssue, learnt)])


def collect(store: Store, cycle: Cycle, number: int) -> None:
    """Log revisions, then the event."""
    for answer in range(2):
        content = {"answer": answer, "night": number}
        append_revision(store.objects, f"{number}-{answer}", digest_of(content), content)
    _import(store, f"mturk-{number}", cycle.cycle_id)
    store.finish(cycle.cycle_id, "collect", Summary(2), [(QualityIssue, issues([hex_id(f"more {number}")], 3.0))])


def _import(store: Store, annotation_id: str, round_id: str) -> None:
    """A labeling service's response, unless an import that stands names it."""
    content = {"round": round_id}
    response = ImportedResponse(annotation_id, digest_of(content), hex_id("task"), round_id)
    named = {one.annotation_id for imported in read_responses(store.objects) for one in imported.responses}
    if annotation_id not in named:
        append_revision(store.objects, annotation_id, response.revision, content)
        put_responses(store.objects, "mturk", [response])


def build_version(store: Store, cycle: Cycle, number: int) -> None:
    """Freeze a version that adds to the one of the night before."""
    rows = pl.DataFrame([{"image_id": hex_id(f"{one}"), "label": str(one % 3)} for one in range(number * 4)]).sort("image_id")
    dataset_id, earlier = hex_id(f"version {number}"), store.state().dataset
    if earlier is not None and earlier.dataset_id == dataset_id:
        return
    _read_all(store)
    write_version(
        store.objects, dataset_id, rows, about=VersionAbout("class", ["bolt", "nut"]), earlier=earlier and earlier.dataset_id
    )
    summary = Summary(rows.height, index_key=index_key(dataset_id))
    store.finish(cycle.cycle_id, "build_version", summary, sets=[Dataset(dataset_id, cycle.cycle_id)])


def _read_all(store: Store) -> None:
    """Read tables of all nights: what is put together for that is kept, unless an erasure came meanwhile or it is broken."""
    for table in (Image, QualityIssue):
        list(TableReader(store.objects, lambda _: ()).pieces(table, store.files(table)))
        for key in keys_in_use(table, store.files(table)):
            _plant(store, key, b"torn")
        assert store.history(table).height == store.count(table)


def train(store: Store, cycle: Cycle, number: int) -> None:
    """Resume behind the newest whole checkpoint; the candidate ends it."""
    if store.finished(cycle.cycle_id, "train", Summary) is not None:
        drop_checkpoints(store.objects, cycle.cycle_id)
        return
    broken = layout.checkpoint(cycle.cycle_id, f"{RECIPE}/head-99999-{'0' * 24}.ckpt")
    _plant(store, broken, b"torn")
    newest = newest_checkpoint(store.objects, cycle.cycle_id, RECIPE, "head")
    done = 0 if newest is None else int(newest.split(b" ")[1])
    for epoch in range(done + 1, EPOCHS + 1):
        content = f"epoch {epoch} of {cycle.cycle_id}".encode()
        keep_checkpoint(store.objects, cycle.cycle_id, RECIPE, "head", epoch, content)
    key, sha256 = put_candidate(store.objects, cycle.cycle_id, f"candidate {number}".encode())
    store.finish(cycle.cycle_id, "train", Summary(EPOCHS, candidate_key=key, candidate_sha256=sha256))
    drop_checkpoints(store.objects, cycle.cycle_id)


def promote(store: Store, cycle: Cycle, number: int) -> None:
    """Put the model, then record it as the champion."""
    digest = put_model(store.objects, f"model {number}".encode())
    champion = Champion(digest, hex_id(f"version {number}"), cycle.cycle_id, None)
    store.finish(cycle.cycle_id, "promote", Summary(1, model_digest=digest), sets=[champion])


def roll_out(store: Store, cycle: Cycle, _: int) -> None:
    """Point the server at the ledger's champion."""
    if store.finished(cycle.cycle_id, "roll_out", Summary) is None:
        replace_pointer(store.objects, lambda: pointer_to(_champion(store), ["bolt", "nut"], cycle.project))
        store.finish(cycle.cycle_id, "roll_out", Summary(1))


def _champion(store: Store) -> Champion:
    champion = store.state().champion
    assert champion is not None
    return champion


def issues(ids: list[str], value: float) -> pl.DataFrame:
    """Rows of a small table."""
    return pl.DataFrame({"image_id": ids, "rule": "flat", "value": value, "limit": 6.0})


def hex_id(name: str) -> str:
    """A stable id."""
    return hashlib.sha256(name.encode()).hexdigest()


def digest_of(content: dict[str, int]) -> str:
    """The digest that names a revision."""
    return hex_id(json.dumps(content, sort_keys=True))


def _views(store: Store, image_id: str) -> None:
    """Views whose first copy is broken, as a crash of another tool would leave them."""
    views = np.arange(6, dtype=np.float32).reshape(2, 3)
    _plant(store, layout.derived(RECIPE, f"{image_id[:2]}/{image_id}.npy"), b"torn")
    if read_views(store.objects, RECIPE, image_id) is None:
        write_views(store.objects, RECIPE, image_id, views)


def _plant(store: Store, key: str, content: bytes) -> None:
    try:
        store.objects.write_new(key, content)
    except AlreadyThereError:
        return


def _told(store: Store, cycle: Cycle, stage: str, tell: Tell) -> None:
    """Acknowledge a stage's event with all that it names."""
    event = store.event(cycle.cycle_id, stage)
    assert event is not None
    for file in event.tables:
        tell(file.key, file.sha256)
    keys = [event.summary.get("index_key"), event.summary.get("candidate_key"), layout.event(event.sequence)]
    if event.summary.get("model_digest"):
        keys.append(layout.model(event.summary["model_digest"]))
    for key in filter(None, keys):
        tell(key, hashlib.sha256(store.objects.read(key).content).hexdigest())
