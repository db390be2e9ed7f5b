"""Tests of a search over the training of masks: each trial trains heads on stored feature maps, and no test image has a say."""

from __future__ import annotations

from pathlib import Path

import given_models
import pytest
from given import STARTED_AT
from given_night import NIGHTLY, a_night
from kinds.given_nights import FIRST
from kinds.masks.test_masks_through_two_nights import MaskNight

from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import Cycle, CycleOpening
from pipeline_tasks.records.run_trial import RunTrialSummary
from pipeline_tasks.stages.search.choose_settings import choose_settings
from pipeline_tasks.stages.search.open_search import open_search
from pipeline_tasks.stages.search.run_trial import run_trial
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.image import Image

pytestmark = pytest.mark.slow
SEARCH, TRIALS, IMAGES = "2026-11-21T120000", 5, 32


class MaskSearch:
    """A mask project with a labelled night and an opened search, whose own learning rate is far too small."""

    def __init__(self, folder: Path) -> None:
        self.night = a_night(
            folder,
            MaskNight,
            label_kind="mask",
            classes=["bolt", "nut"],
            selection={"budget": IMAGES, "first_round_control_ratio": 0.3},
            backbone={"side_px": given_models.SIDE_PX, "map_side_px": 96},
            training=given_models.TRAINING | {"max_epochs": 6, "learning_rate": 1e-6, "fit": {"ema": 0.5}},
            search={"space": {"learning_rate": {"choices": [1e-6, 1e-2]}, "augmented_views": {"choices": [1, 2]}}},
        )
        self.night.bring(range(IMAGES))
        for stage in NIGHTLY[: NIGHTLY.index("build_dataset_version") + 1]:
            self.night.run(stage, FIRST)
            if stage == "send_to_labeling":
                self.night.annotate_all()
        self.store, self.folder = self.night.store, folder / "work"
        open_search(self.store, CycleOpening(self.night.project, SEARCH, "by hand", STARTED_AT, "test"), TRIALS, 0)
        self.cycle: Cycle = read_cycle(self.store, SEARCH)
        build_dataset_version(self.store, self.cycle)
        self.given = (given_models.DecodingHere(), self.night.open_backbone(folder), self.folder)

    def trial(self, number: int) -> RunTrialSummary:
        return run_trial(self.store, self.cycle, number, *self.given)

    def choose(self) -> ChooseSettingsSummary:
        return choose_settings(self.store, self.cycle, *self.given)

    def poison_test_images(self) -> int:
        """Replace the originals of all test images by bytes that cannot be read; return their number."""
        rows = self.store.read(DatasetImage, FIRST).filter(split="test")
        for md5 in self.store.rows_of(Image, rows["image_id"])["md5"]:
            key = layout.original(md5)
            self.store.objects.replace(key, b"poison", self.store.objects.read(key).etag)
        return rows.height


def test_search_of_masks__finds_a_better_learning_rate_without_a_look_at_test_images(tmp_path: Path) -> None:
    search = MaskSearch(tmp_path)
    assert search.poison_test_images() > 0

    for number in range(TRIALS):
        search.trial(number)
    found = search.choose()

    assert found.is_found, found.why
    assert found.settings["learning_rate"] == 1e-2
    assert "learning_rate: 0.01" in found.yaml
    assert found.proof_best_score is not None
    assert found.proof_best_score > (found.proof_own_score or 0)
