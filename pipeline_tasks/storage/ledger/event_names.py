"""Objects that events name (tables, settings, models, versions) and those they name in turn, with recorded digests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline_tasks.errors import StorageError, TableContractError
from pipeline_tasks.storage.blobs.version_index import index_key, read_index
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.content_names import has_digest, promise_of
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.table_files import TableFile, read_table
from pipeline_tasks.tables.image import Image

_DIGEST_FIELDS = {"settings_key": "settings_sha256", "candidate_key": "candidate_sha256", "index_key": None, "report_key": None}
"""Fields of summaries that name a key → the field that holds its digest."""


@dataclass
class NamedObjects:
    """Objects that a root must hold."""

    named_by: dict[str, str] = field(default_factory=dict)
    """Key → description of what names it."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Key → its recorded digest, if there is one."""
    unreadable: list[str] = field(default_factory=list)
    """Keys of objects that could not be read and may name more."""

    def add(self, key: str, named_by: str, sha256: str | None = None) -> None:
        """Add a key that is named."""
        self.named_by.setdefault(key, named_by)
        if sha256 is not None:
            self.sha256.setdefault(key, sha256)

    def problem(self, key: str, content: bytes) -> str | None:
        """The problem with an object's bytes, as a sentence; None if they match the recorded digest or the one in its name."""
        promise = has_digest("sha256", self.sha256[key]) if key in self.sha256 else promise_of(key)
        return None if promise is None else promise(content)

    def can_be_checked(self, key: str) -> bool:
        """Return True if a digest for the object's bytes is known."""
        return key in self.sha256 or promise_of(key) is not None


def names_of(objects: ObjectStore, events: Sequence[Event], state: State) -> NamedObjects:
    """Gather what these events name, directly and indirectly; `state` holds what erasures have replaced."""
    named = NamedObjects()
    add_names_of(objects, named, events, state)
    return named


def add_names_of(objects: ObjectStore, named: NamedObjects, events: Sequence[Event], state: State) -> None:
    """Add all objects that these events name, directly and indirectly."""
    for event in events:
        _add_what_an_event_names(named, event, state)
    _add_erasures(named, events)
    _add_originals(objects, named, [state.standing(file) for event in events for file in event.tables])
    add_leaves(objects, named, {key for key in named.named_by if key.startswith(layout.VERSIONS)})


def add_leaves(objects: ObjectStore, named: NamedObjects, index_keys: Iterable[str]) -> None:
    """Add the leaves that the indexes of dataset versions name."""
    for key in sorted(index_keys):
        try:
            leaves = read_index(objects, key.split("/")[1]).leaves
        except (StorageError, OSError):
            named.unreadable.append(key)
            continue
        for leaf in leaves:
            named.add(leaf.key, key, leaf.sha256)


def _add_what_an_event_names(named: NamedObjects, event: Event, state: State) -> None:
    where = layout.event(event.sequence)
    for file in map(state.standing, event.tables):
        named.add(file.key, where, file.sha256)
    for key_field, digest_field in _DIGEST_FIELDS.items():
        key = event.summary.get(key_field)
        if key:
            named.add(key, where, event.summary.get(digest_field) if digest_field else None)
    for fields in (event.summary, *(value for value in event.sets.values() if isinstance(value, dict))):
        if fields.get("model_digest"):
            named.add(layout.model(fields["model_digest"]), where, fields["model_digest"])
        if event.stage == "build_dataset_version" and fields.get("dataset_id"):
            named.add(index_key(fields["dataset_id"]), where)


def _add_erasures(named: NamedObjects, events: Iterable[Event]) -> None:
    """Replacements of erased objects; for each key the newest erasure counts."""
    replaced = {key: (event, found) for event in events for key, found in event.replaced.items()}
    for event, found in replaced.values():
        if found is not None and (found.key not in replaced or replaced[found.key][1] == found):
            named.add(found.key, layout.event(event.sequence), found.sha256)
    if replaced:
        named.add(layout.ERASURE_KEY, "the erasures")


def _add_originals(objects: ObjectStore, named: NamedObjects, files: Iterable[TableFile]) -> None:
    for file in (file for file in files if file.table == Image.table_name):
        try:
            rows = read_table(objects, Image, file)
        except (StorageError, TableContractError, OSError):
            named.unreadable.append(file.key)
            continue
        for image_id, md5 in rows.select("image_id", "md5").iter_rows():
            named.add(layout.original(md5), file.key, image_id)
