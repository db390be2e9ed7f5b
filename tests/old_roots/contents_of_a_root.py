"""Describe a root's contents in forms that no later column, key or message changes: every later release must agree."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
from given_models import DecodingHere

from pipeline_tasks.commands.versions.describing import as_text as show_text
from pipeline_tasks.commands.versions.describing import describe
from pipeline_tasks.commands.versions.listing import as_text as list_text
from pipeline_tasks.commands.versions.listing import list_versions
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.reports.tree import as_json, as_text
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.state import State, digest_of_fold
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.table import form_of


def contents_of(store: Store, images: list[str], log_folder: Path) -> dict[str, Any]:
    """The fold, the rows of each table, the versions and what `explain` says of the champion and of some images."""
    state = store.state()
    versions = dataset_versions(store)
    named = ["champion", *images, *(version.dataset_id for version in versions)]
    explained = {name: explain(store, name, log_folder, DecodingHere()) for name in named}
    return {
        "sequence": state.sequence,
        "digest_of_fold": digest_of_fold(state),
        "fold_sha256": fold_sha256(state),
        "dataset_ids": [version.dataset_id for version in versions],
        "champion": state.values["champion"]["model_digest"],
        "tables": {table.table_name: table_contents(store, table) for table in ALL_TABLES},
        "explain": {name: as_json(lineage) for name, lineage in explained.items()},
        "explain_text": {name: as_text(lineage) for name, lineage in explained.items()},
        "versions_list": asdict(list_versions(store)),
        "versions_list_text": list_text(list_versions(store)),
        "versions_show": {version.dataset_id: asdict(describe(store, version)) for version in versions},
        "versions_show_text": {version.dataset_id: show_text(describe(store, version)) for version in versions},
    }


def fold_sha256(state: State) -> str:
    """Digest the state after all events, without the form of a snapshot: stages, tables, values, and replacements by erasures."""
    fold = {
        "sequence": state.sequence,
        "stages": state.stages,
        "tables": {name: [[one.cycle_id, one.key, one.sha256, one.rows] for one in files] for name, files in state.tables.items()},
        "values": state.values,
        "replaced": {key: asdict(one) for key, one in state.replaced.items()},
    }
    return hashlib.sha256(json.dumps(fold, sort_keys=True).encode()).hexdigest()


def table_contents(store: Store, table: Any) -> dict[str, Any]:
    """A table's version, columns and files, and count and digest of its rows: of all times, and of those in force."""
    history, current = store.history(table), store.current(table)
    return {
        "version": form_of(table).version,
        "columns": history.columns,
        "files": len(store.files(table)),
        "history_rows": history.height,
        "history_sha256": rows_sha256(history, history.columns),
        "current_rows": current.height,
        "current_sha256": rows_sha256(current, history.columns),
    }


def rows_sha256(rows: pl.DataFrame, columns: list[str]) -> str:
    """Digest these columns' values in the order of the rows."""
    return hashlib.sha256(rows.select(columns).write_ndjson().encode()).hexdigest()
