"""Make the tiny root that every later release must open: `python tests/old_roots/make_old_root.py`.

Run it in the commit that is released, before the version in pyproject.toml moves on, and add both files to that commit:

    PYTHONPATH=.:plugins:tests .venv/bin/python tests/old_roots/make_old_root.py

`<release>.zip` holds the root (`root/`), the source (`inbox/`), the project's file (`projects/`) and what the stand-ins of
Label Studio and MLflow hold (`outside/`). `<release>.json` holds the contents that this release finds in it. A release whose
persisted forms are those of the release before needs no zip of its own.

The root holds as many forms as fit: a generation after an emptying, two versions, two registered models, changed and late
answers, a roll-back, restores, publications, a finished and an interrupted erasure, a plan of a collection, a
snapshot that events follow, and a third night that was killed while it trained, with its parts and a checkpoint.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from given_night import NIGHTLY, NO_LIMITS, Night, a_night, a_patchwork
from old_roots.contents_of_a_root import contents_of
from old_roots.zipped_root import pack
from PIL import Image as PillowImage

from pipeline_tasks.commands.publish.publishing import publish
from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.release import RELEASE
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.ledger.generation import empty_project
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.wiring.outside_copies import OutsideCopies

HERE = Path(__file__).parent
SETTINGS: dict[str, Any] = {
    "quality": NO_LIMITS | {"min_luma_mean": 20.0},
    "labeling": {"deadline_s": 3600, "overlap_ratio": 0.1},
    "splits": {"recent_cycles": 1},
}


def main() -> None:
    """Make the root of this release and the description of its contents."""
    with tempfile.TemporaryDirectory() as folder:
        night = a_project(Path(folder))
        images = two_nights(night)
        images |= what_people_ask_for(night)
        a_broken_off_night(night)
        pack(files_of(night), HERE / f"{RELEASE}.zip")
        expected = {"release": RELEASE, "images": images, **contents_of(night.store, list(images.values()), serving_folder(night))}
    (HERE / f"{RELEASE}.json").write_text(json.dumps(expected, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def a_project(folder: Path) -> Night:
    """A project on disk whose copies are duplicates and whose dark images are quality issues."""
    os.environ |= {"NIGHTLENS_HOME": str(folder), "NIGHTLENS_PROJECTS": str(folder / "projects"), "WANDB_MODE": "disabled"}
    night = a_night(folder, **SETTINGS)
    root = DiskObjects(folder / "roots" / "parts")
    empty_project(root)
    night.store = Store(root)
    (folder / "projects").mkdir()
    (folder / "projects" / "parts.yaml").write_text(yaml.safe_dump(night.project.model_dump(mode="json")))
    return night


def two_nights(night: Night) -> dict[str, str]:
    """Two nights with a champion each; in the first some tasks are left open, which people answer before the second."""
    night.bring(range(30))
    bring_odd_ones(night)
    for stage in NIGHTLY:
        night.run(stage, "2026-11-21")
        if stage == "send_to_labeling":
            answer(night, leaves=5)
    answer(night)
    numbers = [one["id"] for task in night.server.tasks.values() for one in task["annotations"]]
    night.server.edit(numbers[0], ["bolt"])
    night.server.edit(numbers[1], ["nut"])
    night.server.take_back(numbers[2])
    night.bring(range(30, 44))
    told = night.cycle("2026-11-22", cycle_arguments=CycleArguments(training="force"))
    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]
    rows = night.store.read(DatasetImage, "2026-11-22")
    assert night.store.history(QualityIssue).height
    return {split: str(rows.filter(pl.col("split") == split)["image_id"][0]) for split in ("train", "test")}


def bring_odd_ones(night: Night) -> None:
    """Add a dark image, and one with the pixels of another file."""
    for name, pixels in (("dark", np.full((48, 48, 3), 3, np.uint8)), ("again0", a_patchwork("bolt", 0))):
        buffer = io.BytesIO()
        PillowImage.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        path = night.folder / "inbox" / f"{name}.png"
        path.write_bytes(buffer.getvalue())
        os.utime(path, (0, 0))
        night.classes[hashlib.sha256(buffer.getvalue()).hexdigest()] = "bolt"


def answer(night: Night, leaves: int = 0) -> None:
    """Let people answer the open tasks but the last few; two are not sure of one that several are asked about."""
    open_tasks = [(number, task) for number, task in night.server.tasks.items() if not task["annotations"]]
    for person, (number, task) in enumerate(open_tasks[: len(open_tasks) - leaves]):
        night.server.annotate(number, [night.classes[task["data"]["image_id"]]], person=1 + person % 3, is_skipped=person == 7)


def what_people_ask_for(night: Night) -> dict[str, str]:
    """A roll-back, a version restored and released, publications, predictions, two erasures, and a plan of a collection."""
    night.run("roll_back", "2026-11-22T090000")
    first, second = (one["dataset_id"] for one in contents_of(night.store, [], serving_folder(night))["versions_list"]["versions"])
    night.run("restore_dataset_version", "2026-11-22T100000", dataset_id=first)
    night.run("restore_dataset_version", "2026-11-22T101000", dataset_id="newest")
    publish("parts", first, night.folder / "clone")
    publish("parts", second, night.folder / "canonical", is_canonical=True)
    rows = night.store.read(DatasetImage, "2026-11-21").filter(pl.col("split") == "train")
    asked, erased, half_erased = rows["image_id"][2], rows["image_id"][4], rows["image_id"][5]
    champion = night.store.state().values["champion"]
    annotated = {"at": "2026-11-22T11:00:00.000+00:00", "seconds": 0.01, "prediction_id": "5" * 32, "image_id": asked}
    annotated |= {"model_digest": champion["model_digest"], "dataset_id": champion["dataset_id"], "route": "champion"}
    annotated |= {"class_name": "bolt", "probability": 0.9, "probabilities": {"bolt": 0.9, "nut": 0.1}, "is_unsure": False}
    PredictionLog(serving_folder(night)).append(annotated)
    outside = OutsideCopies(night.project, night.folder, lambda where: DiskObjects(Path(where)))
    done: dict[str, Any] = {"outside_copies": outside, "label_studio_if_there": night.server.client()}
    night.run("erase", "2026-11-22T120000", image_ids=(erased,), **done)
    told = night.run("erase", "2026-11-22T121000", image_ids=(half_erased,), outside_copies=outside)
    assert told["left_outside"], "its plan stands until Label Studio can be reached"
    tended = "2026-11-22T130000"
    night.run("plan_collection", tended, is_dry_run=False)
    night.run("collect_garbage", tended)
    night.run("write_storage_report", tended)
    state._write_snapshot(night.store.objects, night.store.state())
    return {"asked": str(asked)}


def a_broken_off_night(night: Night) -> None:
    """A third night that was killed while it trained."""
    night.bring(range(44, 48))
    night.registry.fails_at_epoch = 7
    for stage in NIGHTLY[: NIGHTLY.index("train_model")]:
        night.run(stage, "2026-11-23", cycle_arguments=CycleArguments(training="force"))
        if stage == "send_to_labeling":
            answer(night)
    try:
        night.run("train_model", "2026-11-23")
    except ServiceUnavailableError:
        return
    raise AssertionError("MLflow's stand-in is away at the seventh epoch")


def files_of(night: Night) -> dict[str, bytes]:
    """Everything that a further night needs, as name → bytes."""
    outside = {"label_studio": vars(night.server), "mlflow": vars(night.registry)}
    kept = {name: {key: one for key, one in fields.items() if is_kept(one)} for name, fields in outside.items()}
    kept["label_studio"] |= {"now": night.server.now.isoformat(), "requests": []}
    kept["people"] = night.classes
    files = {f"outside/{name}.json": json.dumps(fields, indent=1, sort_keys=True).encode() for name, fields in kept.items()}
    for place in ("inbox", "projects", "serving"):
        for path in sorted((night.folder / place).rglob("*")):
            if path.is_file():
                files[str(path.relative_to(night.folder))] = path.read_bytes()
    return files | {f"root/{key}": content for key, content in every_object(night.store.objects).items()}


def is_kept(value: Any) -> bool:
    """Plain values only: numbers, texts, and what holds them."""
    return isinstance(value, dict | list | int | float | str)


def every_object(objects: ObjectStore) -> dict[str, bytes]:
    """Key → bytes of a whole root."""
    return {key: objects.read(key).content for key in objects.list("")}


def serving_folder(night: Night) -> Path:
    """Folder of the prediction server's log."""
    return night.folder / "serving" / "parts"


if __name__ == "__main__":
    main()
