"""Reasons to keep an object: the ledger names it, a publication does, or an unfinished cycle holds a lease on it.

A lease is not a file. Intermediate outputs of a cycle (shards, checkpoints, the images that shards name) are leased until the
event of the stage that reads them is written, or until the cycle is so old that it counts as abandoned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline_tasks.errors import NotFoundError, StorageError, TableContractError
from pipeline_tasks.records.cycle import utc
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.thumbnails import thumbnail_key
from pipeline_tasks.storage.care.named_objects import named_objects
from pipeline_tasks.storage.care.object_kinds import cycle_of, kind_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import stage_events
from pipeline_tasks.storage.ledger.generation import read_generation
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.tables.compacted_tables import keys_in_use
from pipeline_tasks.storage.tables.table_files import decode
from pipeline_tasks.storage.versions.published_files import publications
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.image import Image

NEEDED_BY = {"part": ("record_images", "backfill", "choose_settings"), "checkpoint": ("train_model", "train_backbone")}
"""Kind → the stage whose event ends the lease."""
SNAPSHOT_KEPT_EVERY_EVENTS = 1000
_NEWEST_SNAPSHOTS = 2
_IMAGE_SHARDS = f"parts/{Image.table_name}/"


@dataclass
class References:
    """Key → reason to keep it. Kinds that are never collected need no reason."""

    needed: dict[str, str] = field(default_factory=dict)
    view_recipe: str | None = None
    """Recipe of the newest training's views; None if unknown, and then all views are kept."""

    def why_kept(self, key: str) -> str | None:
        """The reason to keep the object; None if it is not needed."""
        kind = kind_of(key)
        if not kind.is_collected:
            return f"{kind.name}: never collected"
        if kind.name == "embedded views" and self.view_recipe in (None, key.split("/")[1]):
            return self.needed.get(thumbnail_of(key))
        return self.needed.get(key)


def thumbnail_of(view_key: str) -> str:
    """Key of the thumbnail of a view's image; every recorded image has one, so the key identifies the image."""
    return thumbnail_key(view_key.rpartition("/")[2].partition(".")[0])


def references(store: Store, keys: Iterable[str], now: datetime, abandoned_s: float) -> References:
    """Gather the reasons for all keys; list `keys` first, so that objects written and named meanwhile are not among them.

    Raises:
        StorageError: an object that names others cannot be read, so their reasons are unknown.
    """
    found, named = References(), named_objects(store.objects, with_strays=False)
    if named.unreadable:
        listed = ", ".join(named.unreadable[:3])
        raise StorageError(f"{len(named.unreadable)} objects that name others cannot be read ({listed}): run verify_store first")
    for key, named_by in named.named_by.items():
        found.needed[key] = named_by
        if key.startswith(layout.ORIGINALS):
            found.needed[thumbnail_key(named.sha256[key])] = named_by
    for publication in publications(store.objects):
        found.needed[publication.folder_key] = layout.publication(publication.dataset_id, publication.recipe)
    leases = _leases(store, keys, now, abandoned_s)
    found.needed |= leases | _named_by_shards(store, leases)
    found.needed |= compacted_in_use(store)
    found.view_recipe = _view_recipe(store)
    _let_snapshots_go(found.needed)
    return found


def compacted_in_use(store: Store) -> dict[str, str]:
    """Key → what it holds, of the compacted objects that readers of the project as it is now would look for."""
    keys = ((table, key) for table in ALL_TABLES for key in keys_in_use(table, store.files(table)))
    events = stage_events.keys_in_use(store.state(), read_generation(store.objects))
    return {key: f"the rows of {table.table_name}" for table, key in keys} | dict.fromkeys(events, "a stage's events")


def _leases(store: Store, keys: Iterable[str], now: datetime, abandoned_s: float) -> dict[str, str]:
    """Intermediate outputs of open cycles."""
    leases: dict[str, str] = {}
    stages, is_young = store.state().stages, _Young(store, now - timedelta(seconds=abandoned_s))
    for key in keys:
        enders, cycle_id = NEEDED_BY.get(kind_of(key).name, ()), cycle_of(key)
        if cycle_id is None or not enders or any(stage in stages.get(cycle_id, {}) for stage in enders):
            continue
        if is_young(cycle_id):
            leases[key] = f"cycle {cycle_id}, which has not done {' or '.join(enders)} yet"
    return leases


class _Young:
    """Test for cycles that may still continue, as opposed to abandoned ones; reads each cycle's opening once."""

    def __init__(self, store: Store, since: datetime) -> None:
        self._store, self._since, self._known = store, since, dict[str, bool]()

    def __call__(self, cycle_id: str) -> bool:
        if cycle_id not in self._known:
            opening = self._store.find_summary(cycle_id, OpenCycleSummary)
            self._known[cycle_id] = opening is not None and utc(opening.started_at) >= self._since
        return self._known[cycle_id]


def _named_by_shards(store: Store, leases: Mapping[str, str]) -> dict[str, str]:
    """Images that leased shards name."""
    needed: dict[str, str] = {}
    for key in (key for key in leases if key.startswith(_IMAGE_SHARDS)):
        try:
            rows = decode(Image, store.objects.read(key).content, key)
        except NotFoundError:
            continue
        except TableContractError as error:
            raise StorageError(f"{key}: cannot be read, so its images are unknown: {error}; run verify_store first") from error
        for image_id, md5 in rows.select("image_id", "md5").iter_rows():
            needed |= {layout.original(md5): key, thumbnail_key(image_id): key}
    return needed


def _view_recipe(store: Store) -> str | None:
    trained = [stages["train_model"] for stages in store.state().stages.values() if "train_model" in stages]
    for sequence in sorted(trained, reverse=True):
        newest = store.event_at(sequence).read(TrainModelSummary)
        if not newest.skipped:
            return newest.view_recipe
    return None


def _let_snapshots_go(needed: dict[str, str]) -> None:
    """Release snapshots of the ledger, but keep the newest ones and a few far apart for looking back."""
    snapshots = sorted(key for key in needed if key.startswith(layout.SNAPSHOTS))
    for key in snapshots[:-_NEWEST_SNAPSHOTS]:
        if int(key.removeprefix(layout.SNAPSHOTS).removesuffix(".json")) % SNAPSHOT_KEPT_EVERY_EVENTS:
            del needed[key]
