"""Each network through the stages of a night: trained, exported, compared on real images, judged and served."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import given_models
import numpy as np
import pytest
from given_night import NIGHTLY, a_night
from kinds.boxes.test_boxes_through_two_nights import BoxNight
from kinds.given_nights import FIRST, HIGH, WIDE, MapNight
from kinds.masks.test_masks_through_two_nights import MaskNight, drawn, parts
from networks.given_folders import put_d_fine, put_deeplabv3, put_detr, put_rt_detr, put_segformer
from networks.given_networks import MAP_SIDE_PX

from pipeline_tasks.backbones.backbone import Backbone
from pipeline_tasks.backbones.small_cnn import SmallCnn
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.regions import by_class, class_iou
from pipeline_tasks.serving.loaded_model import load_model
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.objects import layout

pytestmark = pytest.mark.slow


def on_small_cnn(night: type[MapNight]) -> type[MapNight]:
    """The same night on a backbone that can be trained."""

    class OtherNight(night):  # type: ignore[valid-type, misc]
        """A night on another backbone."""

        @staticmethod
        def open_backbone(folder: Path) -> Backbone:
            """Open the drawn network."""
            return SmallCnn(given_models.SIDE_PX, folder / "cache")

    return OtherNight


def prepared(folder: Path, night: type[MapNight], patch: pytest.MonkeyPatch, **settings: Any) -> MapNight:
    """A project before its night."""
    patch.setenv("NIGHTLENS_HOME", str(folder))
    patch.setenv("WANDB_MODE", "disabled")
    selection = {"budget": 48, "first_round_control_ratio": 0.5, "objectives": "margin"}
    backbone = {"side_px": given_models.SIDE_PX, "map_side_px": MAP_SIDE_PX}
    made: MapNight = a_night(folder, on_small_cnn(night), selection=selection, backbone=backbone, **settings)
    return made


def a_night_with(folder: Path, night: type[MapNight], patch: pytest.MonkeyPatch, **settings: Any) -> MapNight:
    """A night of 48 images, all of its stages."""
    made = prepared(folder, night, patch, **settings)
    made.bring(range(48))
    made.told = {FIRST: made.cycle(FIRST)}
    return made


def served(night: MapNight) -> Any:
    """The champion, as the prediction server loads it."""
    pointer = read_pointer(night.store.objects)
    assert pointer is not None, night.told[FIRST]["compare_with_champion"]["why"]
    return load_model(night.store.objects.read(layout.model(pointer.champion_digest)).content, pointer.champion_digest)


def test_unet__is_trained_judged_promoted_and_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = given_models.TRAINING | {"max_epochs": 16, "augmented_views": 1}
    night = a_night_with(tmp_path, MaskNight, monkeypatch, label_kind="mask", network={"name": "unet"}, training=training)
    told, model = night.told[FIRST], served(night)
    overlaps = []
    for number in range(900, 910):
        pixels = model_image(drawn(parts(number), number), model.side_px, model.kind.decoding.framing)
        found = [Mask(one.class_name, one.rle, (WIDE, HIGH)) for one in model.predict(pixels, (WIDE, HIGH), 0.0).objects]
        overlaps.append(class_iou(by_class(found), by_class(parts(number))))

    assert told["export_model"]["parity_max_difference"] < 1e-4
    assert told["evaluate_model"]["score"] > told["evaluate_model"]["baseline_score"]
    assert told["write_cycle_report"]["missing"] == {}
    assert np.mean(overlaps) >= 0.6


@pytest.mark.parametrize(
    ("name", "night", "kind", "put"),
    [
        ("rt_detr", BoxNight, "box", put_rt_detr),
        ("d_fine", BoxNight, "box", put_d_fine),
        ("detr", BoxNight, "box", put_detr),
        ("segformer", MaskNight, "mask", put_segformer),
        ("deeplabv3", MaskNight, "mask", put_deeplabv3),
    ],
)
def test_network_of_a_folder__is_trained_exported_and_served(
    name: str, night: type[MapNight], kind: str, put: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "weights")
    network, training = {"name": name, "weights": "weights"}, given_models.TRAINING | {"max_epochs": 2, "augmented_views": 1}
    made = prepared(tmp_path, night, monkeypatch, label_kind=kind, network=network, training=training)
    made.bring(range(40))
    told = {}
    for stage in NIGHTLY[: NIGHTLY.index("export_model") + 1]:
        told[stage] = made.run(stage, FIRST)
        if stage == "send_to_labeling":
            made.annotate_all()

    digest = told["export_model"]["model_digest"]
    model: Any = load_model(read_model(made.store.objects, digest), digest)
    prediction = model.predict(np.zeros((MAP_SIDE_PX, MAP_SIDE_PX, 3), np.uint8), (WIDE, HIGH), 0.0)
    assert told["export_model"]["parity_images"] == 32
    assert told["export_model"]["parity_max_difference"] < 1e-3
    assert {one.class_name for one in prediction.objects} <= {"bolt", "nut"}
