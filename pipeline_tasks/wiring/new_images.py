"""Look for new images in a project's sources, between its nights: reads the root and the sources, writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from pipeline_tasks.errors import ServiceError
from pipeline_tasks.records.cycle import utc
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.new_images import NewImagesSettings
from pipeline_tasks.sources.start_of_a_night import TAKES_IN_AT_MOST, NewImages
from pipeline_tasks.wiring.endpoints import Endpoints
from pipeline_tasks.wiring.projects import home_folder
from pipeline_tasks.wiring.roots import open_store

if TYPE_CHECKING:
    # A DAG file reads this module's neighbours, so tables are imported where they are used.
    import polars as pl

    from pipeline_tasks.sources.known_versions import KnownVersions
    from pipeline_tasks.sources.source import Source
    from pipeline_tasks.storage.history.store import Store
    from pipeline_tasks.tables.table import Table

_FILE = ["source", "key", "object_version"]


class NewImagesLook:
    """Looks at one project's sources. Between looks it keeps 24 bytes a known file, read again when a night has added some."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: Mapping[str, KnownVersions] = {}
        self._known_of: object = None

    def look(self, project: Project, endpoints: Endpoints, now: datetime) -> NewImages:
        """Count new files until there are enough; a source that is away is named, and the others count.

        Raises:
            NightlensError: the root cannot be read, or a source cannot be opened.
        """
        from pipeline_tasks.sources.source import open_sources
        from pipeline_tasks.storage.history.cycles import newest_night

        store = open_store(project, endpoints.s3)
        night = newest_night(store)
        opened = None if night is None else store.summary(night, OpenCycleSummary)
        began_at = None if opened is None else utc(opened.started_at)
        # An emptied project may give a night the name of an earlier one.
        name = None if opened is None else f"{opened.generation}/{night}"
        if night is not None and began_at is not None and _is_taking_in(store, night, began_at, now):
            return NewImages(0, name, began_at, is_taking_in=True)
        sources = open_sources(
            [one for one in project.sources if one.is_watched()], home_folder(), endpoints.connect, endpoints.web_key
        )
        files, away = self._count(store, sources, project.new_images, now)
        return NewImages(files, name, began_at, away=away)

    def _count(
        self, store: Store, sources: Sequence[Source], settings: NewImagesSettings, now: datetime
    ) -> tuple[int, dict[str, str]]:
        from pipeline_tasks.sources.known_versions import KnownVersions
        from pipeline_tasks.sources.new_files import count_new_files

        enough, found = settings.min_images or 1, 0
        away: dict[str, str] = {}
        known, last_look = self._known_files(store), _last_look(store)
        for source in sources:
            recorded = partial(_recorded, store, source.name)
            try:
                of_source = known.get(source.name) or KnownVersions()
                found += count_new_files(source, of_source, recorded, last_look, now, enough - found)
            except ServiceError as error:
                away[source.name] = str(error)
            if found >= enough:
                break
        return found, away

    def _known_files(self, store: Store) -> Mapping[str, KnownVersions]:
        from pipeline_tasks.sources.known_versions import KnownVersions

        files = [store.files(table) for table in _tables()]
        if files != self._known_of:
            known: defaultdict[str, KnownVersions] = defaultdict(KnownVersions)
            for rows in _files_of_nights(store):
                for (source,), of_one in rows.group_by(["source"]):
                    known[str(source)].add(of_one, are_images=False)
            self._known, self._known_of = known, files
        return self._known


def _is_taking_in(store: Store, night: str, began_at: datetime, now: datetime) -> bool:
    return "record_images" not in store.state().stages[night] and now < began_at + TAKES_IN_AT_MOST


def _last_look(store: Store) -> datetime | None:
    """Start of the newest night that has listed the sources."""
    from pipeline_tasks.storage.history.cycles import NIGHTLY

    for cycle_id, stages in reversed(store.state().stages.items()):
        if "list_new_images" in stages and (opened := store.summary(cycle_id, OpenCycleSummary)).cycle_kind == NIGHTLY:
            return utc(opened.started_at)
    return None


def _files_of_nights(store: Store) -> Iterator[pl.DataFrame]:
    """Files that nights have recorded, refused or planned: a night that failed is cleared or followed, not started anew."""
    for table in _tables():
        yield from store.pieces(table, _FILE)


def _tables() -> tuple[type[Table], ...]:
    from pipeline_tasks.tables.new_file import NewFile
    from pipeline_tasks.tables.rejected_sighting import RejectedSighting
    from pipeline_tasks.tables.sighting import Sighting

    return Sighting, RejectedSighting, NewFile


def _recorded(store: Store, source: str, keys: Sequence[str]) -> Mapping[str, set[str]]:
    """Key → versions that nights have had, of these keys."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for table in _tables() if keys else ():
        for name, key, version in store.rows_of(table, keys, "key", columns=_FILE).iter_rows():
            if name == source:
                found[key].add(version)
    return found
