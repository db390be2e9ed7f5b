"""A root that an earlier release made, unpacked for the current code."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from given_night import Night, a_night
from old_roots.make_old_root import SETTINGS, serving_folder
from old_roots.zipped_root import unpack

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects

HERE = Path(__file__).parent
RELEASES = sorted(path.stem for path in HERE.glob("*.zip"))


@dataclass
class OldRoot:
    """A project as an earlier release left it, and the contents that this release recorded."""

    night: Night
    expected: dict[str, Any]

    @property
    def store(self) -> Store:
        """The root as it is now, without a state in memory."""
        return Store(self.night.store.objects)

    @property
    def log_folder(self) -> Path:
        """Folder of the prediction server's log."""
        return serving_folder(self.night)


def an_old_root(release: str, folder: Path) -> OldRoot:
    """Unpack a release's root, with the images of its source, people's tasks and the registered models."""
    night = a_night(folder, **SETTINGS)
    files = unpack(HERE / f"{release}.zip")
    for name, content in files.items():
        place = folder / name.replace("root/", "roots/parts/", 1) if name.startswith("root/") else folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        os.utime(place, (0, 0))
    night.store = Store(DiskObjects(folder / "roots" / "parts"))
    night.classes = json.loads(files["outside/people.json"])
    _remember(night.server, files["outside/label_studio.json"])
    night.server.now = datetime.fromisoformat(str(night.server.now))
    _remember(night.registry, files["outside/mlflow.json"])
    night.registry.fails_at_epoch = None
    return OldRoot(night, json.loads((HERE / f"{release}.json").read_text()))


def _remember(stand_in: object, content: bytes) -> None:
    """Load the state of a stand-in; in JSON, numbers that are keys are texts."""
    for name, value in json.loads(content).items():
        if isinstance(value, dict) and name not in ("aliases", "versions"):
            value = {int(key) if key.isdigit() else key: one for key, one in value.items()}
        setattr(stand_in, name, value)
