"""Nights of a folder of images a class, whose annotators answer the truth."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from given_night import NIGHTLY, Night, a_night

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.settings import BackboneSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects

DECIDES = "compare_with_champion"


class ClassNights(Night):
    """A project with real images and the real backbone; the name of an image's folder is its class."""

    open_backbone = staticmethod(lambda folder: _backbone(folder))

    def bring_files(self, files: Sequence[Path]) -> None:
        """Put the files into the inbox."""
        self.store, self.paths = Store(DiskObjects(self.folder / "root")), {}
        for file in files:
            content = file.read_bytes()
            place = self.folder / "inbox" / f"{file.parent.name}_{file.name}"
            place.write_bytes(content)
            os.utime(place, (0, 0))
            digest = hashlib.sha256(content).hexdigest()
            self.classes[digest], self.paths[digest] = file.parent.name, file

    def until(self, last: str, cycle_id: str, **arguments: Any) -> dict[str, dict[str, Any]]:
        """Run the stages up to and with this one, or up to the gate's decision."""
        told = {}
        for stage in NIGHTLY[: NIGHTLY.index(last) + 1]:
            told[stage] = self.run(stage, cycle_id, **arguments)
            if stage == "send_to_labeling":
                self.annotate_all()
        return told


def class_nights(folder: Path, files: Sequence[Path], seed: int, training: Mapping[str, Any], **settings: Any) -> ClassNights:
    """The project: all images are labelled in its first night, a quarter of them drawn at random for the test."""
    all_different = {"max_hash_distance": 0, "min_hash_cosine": 1.0, "min_embedding_cosine": 1.0, "max_difference": 0.0}
    nights = a_night(
        folder,
        ClassNights,
        classes=sorted({one.parent.name for one in files}),
        seed=seed,
        selection={"budget": len(files), "first_round_control_ratio": 0.25},
        duplicates=all_different,
        training=dict(training),
        backbone={},
        **settings,
    )
    nights.bring_files(files)
    return nights


def _backbone(folder: Path) -> Backbone:
    return open_backbone(BackboneSettings(), folder / "backbones")
