"""Who still needs an object: the ledger and what it names, a publication, or a lease of a cycle that has not got further yet.

A lease is no file of its own. What a cycle has put down for its own later stage (parts, checkpoints, the images that parts
name) is leased until that stage's event stands, or until the cycle is so old that it counts as abandoned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline_tasks.errors import NotFoundError, StorageError, TableContractError
from pipeline_tasks.records.cycle import utc
from pipeline_tasks.storage.blobs.thumbnails import thumbnail_key
from pipeline_tasks.storage.care.named_objects import named_objects
from pipeline_tasks.storage.care.object_kinds import cycle_of, kind_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.tables.table_files import decode
from pipeline_tasks.storage.versions.published_files import publications
from pipeline_tasks.tables.image import Image

NEEDED_BY = {"part": "record_images", "checkpoint": "train_model"}
"""Kind → the stage whose event ends the lease."""
SNAPSHOT_KEPT_EVERY_EVENTS = 1000
_NEWEST_SNAPSHOTS = 2
_IMAGE_PARTS = f"parts/{Image.table_name}/"


@dataclass
class References:
    """Key → why it must stay. What is in none of the kinds that are collected needs no reason."""

    needed: dict[str, str] = field(default_factory=dict)
    view_recipe: str | None = None
    """Of the newest training; None while none says which, and then all views stay."""

    def why_kept(self, key: str) -> str | None:
        """Why the object must stay; None if nobody needs it."""
        kind = kind_of(key)
        if not kind.is_collected:
            return f"{kind.name}: never collected"
        if kind.name == "embedded views" and self.view_recipe in (None, key.split("/")[1]):
            return self.needed.get(thumbnail_of(key))
        return self.needed.get(key)


def thumbnail_of(view_key: str) -> str:
    """Images are known by their thumbnails' keys, of which each recorded image has one."""
    return thumbnail_key(view_key.rpartition("/")[2].removesuffix(".npy"))


def references(store: Store, keys: Iterable[str], now: datetime, abandoned_s: float) -> References:
    """Gather who needs what; `keys` must have been listed before, so that whatever is put and named meanwhile is not among them.

    Raises:
        StorageError: something that names objects cannot be read: nobody can say what it would have kept.
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
    found.needed |= leases | _named_by_parts(store, leases)
    found.view_recipe = _view_recipe(store)
    _let_snapshots_go(found.needed)
    return found


def _leases(store: Store, keys: Iterable[str], now: datetime, abandoned_s: float) -> dict[str, str]:
    """What cycles that are under way have put down for a stage of their own."""
    leases: dict[str, str] = {}
    stages, is_young = store.state().stages, _Young(store, now - timedelta(seconds=abandoned_s))
    for key in keys:
        stage, cycle_id = NEEDED_BY.get(kind_of(key).name), cycle_of(key)
        if stage is not None and cycle_id is not None and stage not in stages.get(cycle_id, {}) and is_young(cycle_id):
            leases[key] = f"cycle {cycle_id}, which has not done {stage} yet"
    return leases


class _Young:
    """Tells cycles that may still go on from abandoned ones, reading each cycle's opening once."""

    def __init__(self, store: Store, since: datetime) -> None:
        self._store, self._since, self._known = store, since, dict[str, bool]()

    def __call__(self, cycle_id: str) -> bool:
        if cycle_id not in self._known:
            opening = self._store.event(cycle_id, "open_cycle")
            self._known[cycle_id] = opening is not None and utc(opening.summary["started_at"]) >= self._since
        return self._known[cycle_id]


def _named_by_parts(store: Store, leases: Mapping[str, str]) -> dict[str, str]:
    """The images that leased parts name."""
    needed: dict[str, str] = {}
    for key in (key for key in leases if key.startswith(_IMAGE_PARTS)):
        try:
            rows = decode(Image, store.objects.read(key).content, key)
        except NotFoundError:
            continue
        except TableContractError as error:
            raise StorageError(f"{key}: cannot be read, so that nobody can say which images it names: {error}") from error
        for image_id, md5 in rows.select("image_id", "md5").iter_rows():
            needed |= {layout.original(md5): key, thumbnail_key(image_id): key}
    return needed


def _view_recipe(store: Store) -> str | None:
    trained = [stages["train_model"] for stages in store.state().stages.values() if "train_model" in stages]
    for sequence in sorted(trained, reverse=True):
        summary = store.event_at(sequence).summary
        if not summary.get("skipped"):
            return summary.get("view_recipe")
    return None


def _let_snapshots_go(needed: dict[str, str]) -> None:
    """Of the folds of the ledger the newest stay, and some far apart for looking back."""
    snapshots = sorted(key for key in needed if key.startswith(layout.SNAPSHOTS))
    for key in snapshots[:-_NEWEST_SNAPSHOTS]:
        if int(key.removeprefix(layout.SNAPSHOTS).removesuffix(".json")) % SNAPSHOT_KEPT_EVERY_EVENTS:
            del needed[key]
