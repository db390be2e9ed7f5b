"""Two whole nights of a set whose objects are known: 50 images labelled, then all, with answers from the truth.

    python -m benchmarks.two_nights FOLDER [--kind box|mask] [--labelled 50] [--seed 0]

All stages run in this process as the command line runs them; only Label Studio and MLflow are stand-ins. A fifth of the images is
drawn as the first night's control arm and is the test split, beside the labelled ones, which are chosen and split as by default.
Exposures of one tile are one split group. Figures are those of the stages, with their intervals.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from given_night import NIGHTLY, Night, a_night

from benchmarks.known_folders import KnownImage, KnownSet, read_known
from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.settings import BackboneSettings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.tables.metric import Metric

NIGHTS = ("2026-11-21", "2026-11-22")
SHOWN = {"box": ("ap", "ap_50"), "mask": ("miou", "miou_without_background", "boundary_f1")}


def main(words: Sequence[str] | None = None) -> None:
    """Print what each night found and took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=sorted(SHOWN), default="box")
    parser.add_argument("--labelled", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    os.environ["WANDB_MODE"] = "disabled"
    with tempfile.TemporaryDirectory(prefix="nightlens-two-nights-") as folder:
        os.environ["NIGHTLENS_HOME"] = folder
        told = read_known(given.folder, given.kind)
        night = _a_night(Path(folder), given.kind, told, given.labelled, given.seed)
        night.bring_images(told.images)
        for number, cycle_id in enumerate(NIGHTS):
            arguments = None if number == 0 else CycleArguments(budget=len(told.images), control_ratio=0.0)
            _tell(night, cycle_id, _cycle(night, cycle_id, arguments), SHOWN[given.kind])


class KnownNight(Night):
    """A project with real images, whose annotators answer the truth."""

    truth: dict[str, KnownImage]
    open_backbone = staticmethod(lambda folder: _backbone(folder))

    def bring_images(self, images: Sequence[KnownImage]) -> None:
        """Put all images into the inbox, named by their group."""
        self.store, self.truth = Store(DiskObjects(self.folder / "root")), {}
        for one in images:
            content = one.path.read_bytes()
            place = self.folder / "inbox" / f"{hashlib.sha256(one.group.encode()).hexdigest()[:12]}_{one.path.name}"
            place.write_bytes(content)
            os.utime(place, (0, 0))
            self.truth[hashlib.sha256(content).hexdigest()] = one

    def annotate_all(self) -> None:
        """Let one person answer every open task rightly."""
        labeling = kind_of(self.project).labeling
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                image = self.truth[task["data"]["image_id"]]
                self.server.submit(number, labeling.write(image.labels, image.size_px))


def _a_night(folder: Path, kind: str, told: KnownSet, labelled: int, seed: int) -> KnownNight:
    """The project, with defaults but for the first round's size and the groups."""
    test = len(told.images) // 5
    selection = {"budget": labelled + test, "first_round_control_ratio": test / (labelled + test), "control_ratio": 0.0}
    all_different = {"max_hash_distance": 0, "min_hash_cosine": 1.0, "min_embedding_cosine": 1.0, "max_difference": 0.0}
    return a_night(
        folder,
        KnownNight,
        label_kind=kind,
        classes=list(told.class_names),
        seed=seed,
        sources=[{"name": "inbox", "path": "inbox", "settle_s": 0, "key_pattern": "^(?P<clip>[0-9a-f]+)_"}],
        selection=selection,
        duplicates=all_different | {"split_group_keys": ["clip"]},
        training={},
        backbone={},
    )


def _cycle(night: KnownNight, cycle_id: str, arguments: CycleArguments | None) -> dict[str, tuple[dict[str, Any], float]]:
    """Summary and processor seconds of each stage."""
    told = {}
    for stage in NIGHTLY:
        began = time.process_time()
        summary = night.run(stage, cycle_id, **({} if arguments is None else {"cycle_arguments": arguments}))
        told[stage] = summary, time.process_time() - began
        if stage == "send_to_labeling":
            night.annotate_all()
    return told


def _tell(night: KnownNight, cycle_id: str, told: dict[str, tuple[dict[str, Any], float]], shown: Sequence[str]) -> None:
    trained, judged, promoted = (told[stage][0] for stage in ("train_model", "evaluate_model", "promote_model"))
    if trained["skipped"]:
        print(f"{cycle_id}: nothing was trained: {trained['skipped']}")
        return
    images = f"{trained['train_images']} images to train, {trained['val_images']} to validate, {judged['test_images']} to test"
    print(f"{cycle_id}: {images}; {trained['views']} views, {trained['epochs']} epochs")
    rows = night.store.read(Metric, cycle_id).filter(pl.col("model_digest") == judged["model_digest"], split="test", class_name="")
    for metric in shown:
        for one in rows.filter(metric=metric).iter_rows(named=True):
            print(f"  {metric}: {one['value']:.3f} ({one['low']:.3f}–{one['high']:.3f})")
    print(f"  baseline {judged['baseline_score']:.3f}, champion {judged['champion_score']}; promoted: {promoted['is_promoted']}")
    seconds = {stage: round(one) for stage, (_, one) in told.items() if one >= 1}
    print(f"  processor seconds: {seconds}", flush=True)


def _backbone(folder: Path) -> Backbone:
    return open_backbone(BackboneSettings(), folder / "backbones")


if __name__ == "__main__":
    main()
