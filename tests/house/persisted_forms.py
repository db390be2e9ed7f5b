"""The fields of every persisted form, at the version that has them.

`forms.json` holds them as last recorded. Update it with `python tests/house/persisted_forms.py`.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.models.exported import ModelMarks
from pipeline_tasks.process import PROCESS
from pipeline_tasks.records.cycle import Cycle, CycleArguments
from pipeline_tasks.storage.blobs.serving_pointer import Route, ServingPointer
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.storage.tables.table_files import TableFile
from pipeline_tasks.storage.versions.published_files import Publication
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.table import form_of
from pipeline_tasks.upgrades import forms

LIST = Path(__file__).parent / "forms.json"
DATACLASSES: dict[str, tuple[Any, ...]] = {
    "EVENT": (Event, TableFile),
    "SNAPSHOT": (State, TableFile),
    "FROZEN_SETTINGS": (Cycle, CycleArguments),
    "SERVING_POINTER": (ServingPointer, Route),
    "ERASURE_PLAN": (ErasurePlan,),
    "PUBLICATION": (Publication,),
}
"""Form in `upgrades/forms.py` → the dataclasses that are written."""


def persisted_forms() -> dict[str, dict[str, Any]]:
    """Form → its version and its fields: of tables also the types."""
    found: dict[str, dict[str, Any]] = {}
    for table in ALL_TABLES:
        columns = [f"{name} {column.dtype}{'?' * column.nullable}" for name, column in table.columns().items()]
        found[form_of(table).name] = {"version": form_of(table).version, "fields": columns}
    for name, classes in DATACLASSES.items():
        names = [f"{one.__name__}.{field.name}" for one in classes for field in fields(one)]
        found[getattr(forms, name).name] = {"version": getattr(forms, name).version, "fields": names}
    # A model keeps texts by name: those of its kind and those of all models.
    properties = sorted(ModelMarks(ClassKind(()), "", "", 0, "").as_properties())
    found[forms.MODEL_PROPERTIES.name] = {"version": forms.MODEL_PROPERTIES.version, "fields": properties}
    for stage in PROCESS:
        module = importlib.import_module(stage.module)
        summary = getattr(module, getattr(module, stage.name).__annotations__["return"])
        names = [one.name for one in fields(summary)]
        found[forms.summary_form(stage.name).name] = {"version": forms.summary_form(stage.name).version, "fields": names}
    return found


def unversioned_changes(known: dict[str, dict[str, Any]], found: dict[str, dict[str, Any]]) -> list[str]:
    """Forms whose fields changed without a new version, or whose version fell."""
    changes = []
    for name in known.keys() & found.keys():
        was, now = known[name]["fields"], found[name]["fields"]
        gone, added = [one for one in was if one not in now], [one for one in now if one not in was]
        # Summaries are read by name: a new field with a default needs nothing.
        added = [] if name.startswith("summary of ") else added
        if found[name]["version"] < known[name]["version"]:
            changes.append(f"{name}: version {known[name]['version']} became {found[name]['version']}")
        elif found[name]["version"] == known[name]["version"] and (gone or added):
            changes.append(f"{name} version {found[name]['version']}: gone {gone}, added {added}")
    return sorted(changes)


if __name__ == "__main__":
    found = persisted_forms()
    if LIST.exists() and (changes := unversioned_changes(json.loads(LIST.read_text()), found)):
        raise SystemExit("\n".join(["raise the versions of:", *changes]))
    LIST.write_text(json.dumps(found, indent=1) + "\n")
