"""The frozen settings of cycles: written by `open_cycle`, read by every later stage."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from pipeline_tasks.cycle import Cycle, CycleArguments, utc
from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, MissingStageError
from pipeline_tasks.settings import parse_project
from pipeline_tasks.storage import layout
from pipeline_tasks.storage.objects import ObjectStore
from pipeline_tasks.storage.store import Store


def write_cycle(objects: ObjectStore, cycle: Cycle) -> tuple[str, str]:
    """Freeze a cycle; return key and sha256 for its event."""
    fields = asdict(cycle) | {"project": cycle.project.model_dump(mode="json"), "started_at": cycle.started_at.isoformat()}
    content = json.dumps(fields, sort_keys=True, indent=1).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    key = layout.cycle_settings(cycle.cycle_id, sha256)
    try:
        objects.write_new(key, content)
    except AlreadyThereError:
        pass  # The name digests the content: what is there is the same.
    return key, sha256


def read_cycle(store: Store, cycle_id: str) -> Cycle:
    """What `open_cycle` froze, verified.

    Raises:
        MissingStageError: the cycle was never opened.
        CorruptObjectError: its settings were changed afterwards.
    """
    event = store.event(cycle_id, "open_cycle")
    if event is None:
        raise MissingStageError(f"cycle {cycle_id} was never opened: run open_cycle first")
    key = event.summary["settings_key"]
    content = store.objects.read(key).content
    if hashlib.sha256(content).hexdigest() != event.summary["settings_sha256"]:
        raise CorruptObjectError(f"{key}: the frozen settings of cycle {cycle_id} were changed")
    fields = json.loads(content)
    fields["project"] = parse_project(fields["project"], key)
    fields["arguments"] = CycleArguments(**fields["arguments"])
    fields["started_at"] = utc(fields["started_at"])
    return Cycle(**fields)
