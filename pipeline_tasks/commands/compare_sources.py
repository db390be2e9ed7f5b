"""Compare a project's sources, its images and Label Studio's tasks as they are now, and name what differs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.commands.project_option import add_project_option
from pipeline_tasks.errors import ServiceError

if TYPE_CHECKING:
    import polars as pl

    from pipeline_tasks.clients.label_studio import LabelStudio
    from pipeline_tasks.records.task_there import TaskThere
    from pipeline_tasks.sources.source import Source
    from pipeline_tasks.storage.history.store import Store

EXAMPLES = 20
"""Maximum number of names for each difference."""
_ELSEWHERE = "files of images with an open task, elsewhere"
_HARMLESS = frozenset({_ELSEWHERE, "tasks that were not sent, copy", "tasks that were not sent, by hand"})
"""Differences in which no image is gone and no annotation is lost."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project."""
    add_project_option(parser)


def run(arguments: argparse.Namespace) -> Outcome:
    """List all sources and all tasks once; the exit code is 1 for differences that need a look."""
    from pipeline_tasks.clients.label_studio import LabelStudio
    from pipeline_tasks.sources.source import open_sources
    from pipeline_tasks.wiring.endpoints import endpoints_from_environment, known
    from pipeline_tasks.wiring.projects import home_folder, read_project
    from pipeline_tasks.wiring.roots import open_store

    project, endpoints = read_project(arguments.project), endpoints_from_environment(arguments.project)
    endpoint = known(endpoints.label_studio, "label_studio", arguments.project)
    store = open_store(project, endpoints.s3)
    sources = open_sources(project.sources, home_folder(), endpoints.connect, endpoints.web_key)
    with LabelStudio(endpoint.url, endpoint.token) as label_studio:
        return compared(store, sources, label_studio)


def compared(store: Store, sources: Sequence[Source], label_studio: LabelStudio) -> Outcome:
    """The three sides, each difference with its count and first names."""
    lines, gone = _sources(store, sources)
    differences = {**_asked(store, gone), **_tasks(store, label_studio)}
    for what, names in differences.items():
        lines.append(f"{what}: {len(names)}" + (f" ({_named(names)})" if names else ""))
    return Outcome("\n".join(lines), is_fine=not any(names for what, names in differences.items() if what not in _HARMLESS))


def _sources(store: Store, sources: Sequence[Source]) -> tuple[list[str], pl.DataFrame]:
    """A line for each source, and the files of images that none of those listed has."""
    import polars as pl

    from pipeline_tasks.sources.known_versions import KnownVersions, key_digests
    from pipeline_tasks.sources.listing import listing_of
    from pipeline_tasks.tables.sighting import Sighting

    seen = store.history(Sighting, ["source", "key", "object_version"])
    lines, gone = [], [pl.DataFrame(schema={"source": pl.String, "key": pl.String})]
    for source in sources:
        known = KnownVersions()
        rows = seen.filter(pl.col("source") == source.name)
        known.add(rows, are_images=True)
        try:
            listing = listing_of(source, known, partial(_recorded, rows), None)
        except ServiceError as error:
            lines.append(f"source {source.name}: {error}")
            continue
        missing = rows.select("source", "key").unique(maintain_order=True)
        missing = missing.filter(~pl.Series(key_digests(missing)).is_in(pl.Series(listing.keys).implode()))
        missing = _looked_for(source, missing) if listing.is_whole else missing.clear()
        gone.append(missing)
        other = len(listing.recognized.unknown)
        said = (
            f"{listing.files_seen} files, {other} of them new, refused or written since, {missing.height} of images no longer there"
        )
        lines.append(f"source {source.name}: {said}")
    return lines, pl.concat(gone)


def _recorded(rows: pl.DataFrame, keys: Sequence[str]) -> Mapping[str, list[str]]:
    """Key → versions recorded: a folder that was mounted anew shows others, by which its files are told to be the same."""
    import polars as pl

    versions = rows.filter(pl.col("key").is_in(list(keys))).group_by("key").agg("object_version")
    return dict(versions.iter_rows())


def _looked_for(source: Source, missing: pl.DataFrame) -> pl.DataFrame:
    """The missing files that the listing would have found: not those in folders that the source's settings leave out."""
    import polars as pl

    from pipeline_tasks.sources.source import LeavesFilesOut

    if not isinstance(source, LeavesFilesOut):
        return missing
    left_out = source.left_out()
    return missing.filter(pl.Series([not left_out.is_below(key) for key in missing["key"]], dtype=pl.Boolean))


def _asked(store: Store, gone: pl.DataFrame) -> dict[str, list[str]]:
    """Files of images with an open task that are not as they were."""
    import polars as pl

    from pipeline_tasks.annotations.asked_changes import asked_changes
    from pipeline_tasks.storage.history.tonight import seen_of
    from pipeline_tasks.tables.annotation import Annotation
    from pipeline_tasks.tables.labeling_task import LabelingTask
    from pipeline_tasks.tables.lost_task import LostTask

    answered = store.current(Annotation, ["task_key", "state"]).filter(pl.col("state").cast(pl.String) != "deleted")["task_key"]
    closed = pl.concat([answered, store.history(LostTask, ["task_key"])["task_key"]])
    tasks = store.history(LabelingTask, ["task_key", "image_id"]).filter(~pl.col("task_key").is_in(closed.implode()))
    image_ids = tasks["image_id"].unique()
    told = asked_changes(image_ids, seen_of(store, image_ids), gone)
    names = {
        change: [f"{source}:{key}" for source, key in told.filter(pl.col("change") == change).select("source", "key").iter_rows()]
        for change in ("deleted", "overwritten", "elsewhere")
    }
    return {f"files of images with an open task, {change}": found for change, found in names.items()}


def _tasks(store: Store, label_studio: LabelStudio) -> dict[str, list[str]]:
    """Tasks that are on one side only."""
    import polars as pl

    from pipeline_tasks.annotations.foreign_tasks import ImagesKnown, foreign_tasks
    from pipeline_tasks.records.project_state import LabelStudioMoves
    from pipeline_tasks.storage.erasure.erased_images import is_erased_in
    from pipeline_tasks.tables.foreign_task import REASONS
    from pipeline_tasks.tables.image import Image
    from pipeline_tasks.tables.labeling_task import LabelingTask

    images = ImagesKnown(lambda ids: store.known(Image, ids), is_erased_in(store))
    moves = store.state().value(LabelStudioMoves)
    places = {} if moves is None else moves.places
    columns = ["label_studio_project_id", "label_studio_task_id", "task_key"]
    tasks = store.history(LabelingTask, columns).with_columns(
        place=pl.col("label_studio_project_id").replace(list(places), list(places.values()))
    )
    found: dict[str, list[str]] = {"tasks deleted in Label Studio": []}
    found |= {f"tasks that were not sent, {reason.replace('_', ' ')}": [] for reason in REASONS}
    for (project_id,), of_project in tasks.group_by(["place"], maintain_order=True):
        keys = dict(of_project.select("task_key", "label_studio_task_id").iter_rows())
        there = [] if label_studio.count_tasks(project_id) is None else label_studio.tasks_there(project_id)
        sent, lost = _by_number_or_key(keys, there)
        found["tasks deleted in Label Studio"] += [f"{project_id}/{task_id}" for task_id in sorted(lost)]
        for task_id, reason in foreign_tasks(there, sent, keys, images).items():
            found[f"tasks that were not sent, {reason.replace('_', ' ')}"].append(f"{project_id}/{task_id}")
    return found


def _by_number_or_key(keys: Mapping[str, int], there: Sequence[TaskThere]) -> tuple[set[int], set[int]]:
    """Numbers of the tasks that are there, and recorded numbers of those that are gone.

    In a project that was made again tasks have other numbers: the oldest with its key is the task.
    """
    numbers = {task.task_id for task in there}
    sent, lost = set[int](), set[int]()
    by_key = {task.task_key: task.task_id for task in sorted(there, key=lambda task: -task.task_id)}
    for key, recorded in keys.items():
        number = recorded if recorded in numbers else by_key.get(key)
        if number is None:
            lost.add(recorded)
        else:
            sent.add(number)
    return sent, lost


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - EXAMPLES} more" if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
