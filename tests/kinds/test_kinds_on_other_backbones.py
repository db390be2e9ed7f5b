"""Each kind with maps on another family of networks: trained through a night's stages, exported, compared on real images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import given_models
import pytest
from backbones.given_families import GIVEN, MAP_SIDE_PX
from given_night import NIGHTLY, a_night
from kinds.boxes.test_boxes_through_two_nights import BoxNight
from kinds.given_nights import FIRST, MapNight
from kinds.keypoints.test_keypoints_through_two_nights import LABELS, PointNight
from kinds.masks.test_masks_through_two_nights import MaskNight

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.settings import BackboneSettings
from pipeline_tasks.storage.blobs.model_files import read_model

pytestmark = pytest.mark.slow
UP_TO_EXPORT = NIGHTLY[: NIGHTLY.index("export_model") + 1]
KEYPOINTS = {"classes": ["part"], "labels": LABELS}


def on(name: str, night: type[MapNight]) -> type[MapNight]:
    """The same night with a tiny network of this family."""

    class OtherNight(night):  # type: ignore[valid-type, misc]
        """A night on another backbone."""

        @staticmethod
        def open_backbone(folder: Path) -> Backbone:
            """Open the network, whose weights are written before it is first opened."""
            weights = folder / name / "weights"
            if not weights.exists():
                GIVEN[name](weights.parent, pytest.MonkeyPatch())
            return open_backbone(BackboneSettings(name=name, side_px=given_models.SIDE_PX, weights=str(weights)), folder / "cache")

    return OtherNight


@pytest.mark.parametrize(
    ("name", "kind", "night", "settings"),
    [
        ("resnet18", "box", BoxNight, {}),
        ("convnext_tiny", "mask", MaskNight, {}),
        ("dinov2_small", "keypoints", PointNight, KEYPOINTS),
    ],
)
def test_kind__trains_and_exports_on_another_backbone(
    name: str, kind: str, night: type[MapNight], settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    training = given_models.TRAINING | {"max_epochs": 2, "augmented_views": 1}
    backbone = {"side_px": given_models.SIDE_PX, "map_side_px": MAP_SIDE_PX}
    made = a_night(tmp_path, on(name, night), label_kind=kind, training=training, backbone=backbone, **settings)
    made.bring(range(24))
    told: dict[str, dict[str, Any]] = {}
    for stage in UP_TO_EXPORT:
        told[stage] = made.run(stage, FIRST)
        if stage == "send_to_labeling":
            made.annotate_all()

    exported = told["export_model"]
    model = ExportedModel(read_model(made.store.objects, exported["model_digest"]))
    assert exported["parity_images"] == 24
    assert exported["parity_max_difference"] < 1e-3
    assert model.kind.name == kind
    assert model.backbone_digest == made.open_backbone(tmp_path).trunk(MAP_SIDE_PX).digest
