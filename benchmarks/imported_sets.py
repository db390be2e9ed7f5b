"""Import of the real sets `cells` (Pascal VOC, boxes) and `tiles` (masks), a night that trains on them, and exports read back.

    make bench-imported-sets                                (all images; hours on a small machine)
    python -m benchmarks.imported_sets cells --images 60
All stages run in this process as the command line runs them, with the real backbone; only Label Studio and MLflow are stand-ins.
Read back by Nightlens, by pycocotools, and by labelformat where `.venv-bench` has it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import given
import polars as pl
from given_night import NO_LIMITS, a_night
from given_sets import ImportNight
from imported_sets import NIGHT, import_and_train, readings

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.formats.reading import read_folder
from pipeline_tasks.records.labelled_set import LabelledSet
from pipeline_tasks.settings import BackboneSettings
from pipeline_tasks.tables.metric import Metric

CLASSES: dict[str, dict[str, str]] = {
    "cells": {"Platelets": "platelet", "RBC": "red cell", "WBC": "white cell"},
    "tiles": {"blowhole": "hole", "break": "break", "crack": "crack", "fray": "fray", "uneven": "uneven"},
}
"""Set → class of the set → class of the project."""
KINDS = {"cells": "box", "tiles": "mask"}
FIGURES = ("ap", "ap_50", "miou")


class RealNight(ImportNight):
    """A project with the real backbone."""

    @staticmethod
    def open_backbone(folder: Path) -> Backbone:
        """Lite0 of the package that ships its weights."""
        return open_backbone(BackboneSettings(), cache_folder=folder / "backbones")


def main(words: Sequence[str] | None = None) -> int:
    """Print figures; 1 if an image differs, a label was not taken in, or nothing was trained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=sorted(KINDS))
    parser.add_argument("--images", type=int, default=1_000_000, help="images of each set")
    arguments = parser.parse_args(words)
    os.environ["WANDB_MODE"] = "disabled"
    outcomes = [_shown(name, arguments.images) for name in arguments.sets]
    return 0 if all(outcomes) else 1


def _shown(name: str, most: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="nightlens-imported-") as folder:
        os.environ["NIGHTLENS_HOME"] = folder
        place = given.real_data(name) if most >= 1_000_000 else _some(given.real_data(name), Path(folder) / name, name, most)
        wanted = LabelledSet(name, str(place), CLASSES[name], licence="see its README")
        night = a_night(
            Path(folder),
            RealNight,
            label_kind=KINDS[name],
            classes=list(dict.fromkeys(CLASSES[name].values())),
            selection={"budget": 0},
            training={},
            backbone={},
            duplicates={},
            quality=NO_LIMITS,
        )
        began = time.process_time()
        told = import_and_train(night, wanted)
        print(f"{name}: import and night took {time.process_time() - began:.0f} s of processor")
        is_fine = _tell(told, night)
        for one in readings(night, wanted, KINDS[name], Path(folder)):
            print(
                f"  {one.format_name} read by {one.reader}: {one.images} images, {one.objects} objects, {one.differing} differ",
                flush=True,
            )
            is_fine &= one.differing == 0
    return is_fine


def _tell(told: dict[str, dict[str, Any]], night: ImportNight) -> bool:
    taken, labels, version, trained = (
        told[one] for one in ("open_import", "import_labels", "build_dataset_version", "train_model")
    )
    print(f"  {taken['format_name']}: {taken['images']} images, {taken['objects']} objects; left out {taken['left_out']}")
    print(f"  labels: {labels['labels_new']} new, left out {labels['left_out']}, splits {labels['splits']}")
    print(f"  version: {version['images']} images, {version['objects']} objects, {version['images_by_split']}")
    print(f"  left out of it: {version['left_out']}")
    print(f"  training: {trained['skipped'] or trained['train_images']}")
    if not trained["skipped"]:
        judged = told["evaluate_model"]
        rows = night.store.read(Metric, NIGHT).filter(model_digest=judged["model_digest"], split="test", class_name="")
        for metric, value in rows.filter(pl.col("metric").is_in(FIGURES)).select("metric", "value").iter_rows():
            print(f"  {metric} {value:.3f}")
        print(f"  {told['compare_with_champion']['why']}")
    return not trained["skipped"] and labels["labels_new"] > 0


def _some(place: Path, folder: Path, name: str, most: int) -> Path:
    """A copy of the set with every n-th of its images, and their annotation files."""
    read = read_folder(place, KINDS[name])
    assert read is not None
    step = max(1, len(read.images) // most)
    for image in read.images[::step][:most]:
        for path in (image.path, image.said_in):
            assert path is not None
            (folder / path.relative_to(place)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / path.relative_to(place))
    return folder


if __name__ == "__main__":
    sys.exit(main())
