"""Tests of the U-Net: it learns regions from pixels, goes on after a kill, and its file says what torch says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from given import a_project
from kinds.given_nights import HIGH, WIDE
from kinds.masks.test_masks_through_two_nights import drawn, parts
from networks.given_networks import MAP_SIDE_PX, assert_goes_on_and_is_shared, candidate_of, examples, trained

from pipeline_tasks.backbones.onnx_export import export_onnx
from pipeline_tasks.backbones.small_cnn import SmallCnn
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.masks.covers import ImageMasks
from pipeline_tasks.kinds.masks.decode import MaskDecoding
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.unfreezing import check_unfreezing
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.models.exporting import export_model_bytes
from pipeline_tasks.models.network_training import SquareExamples
from pipeline_tasks.models.parity import check_parity
from pipeline_tasks.networks.network import check_network, open_network
from pipeline_tasks.networks.unet import UNet
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.fit import FitSettings
from pipeline_tasks.training_data.frozen_layers import check_freezing

torch.set_num_threads(1)
NAMES = ("bolt", "nut")


def a_mask_project(**settings: object) -> Project:
    return a_project(**{"label_kind": "mask", "network": {"name": "unet"}, "backbone": {"map_side_px": MAP_SIDE_PX}} | settings)


def masks_of(number: int) -> ImageMasks:
    return ImageMasks((WIDE, HIGH), {NAMES.index(one.class_name): one.rle for one in parts(number)})


def given(network: UNet, numbers: range) -> SquareExamples:
    return examples(network, [drawn(parts(one), one) for one in numbers], [masks_of(one) for one in numbers])


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> UNet:
    backbone = SmallCnn(MAP_SIDE_PX, tmp_path_factory.mktemp("cache"))
    opened = open_network(a_mask_project(), backbone, Path())
    assert isinstance(opened, UNet)
    return opened


def a_kind() -> Kind:
    return kind_of(a_mask_project())


def test_unet__gives_a_cell_for_every_two_pixels(network: UNet) -> None:
    with torch.no_grad():
        logits = network.new()(torch.zeros((2, MAP_SIDE_PX, MAP_SIDE_PX, 3), dtype=torch.uint8))

    assert logits.shape == (2, 1 + len(NAMES), MAP_SIDE_PX // 2, MAP_SIDE_PX // 2)
    assert given(network, range(1)).targets.shape == (1, *logits.shape[1:])


@pytest.mark.slow
def test_unet__learns_regions_and_its_file_says_what_torch_says(network: UNet, tmp_path: Path) -> None:
    fitted = trained(network, given(network, range(24)), given(network, range(100, 108)), tmp_path, epochs=6)
    candidate, final = candidate_of(network, a_kind(), fitted), network.final(fitted.network)
    content = export_model_bytes(candidate, export_onnx(final, network.side_px, MaskDecoding.output_names))
    model = ExportedModel(content)
    unseen = [drawn(parts(one), one) for one in range(200, 206)]
    squares = np.stack([model_image(one, network.side_px, model.framing) for one in unseen])

    assert fitted.history[-1]["train_loss"] < 0.7 * fitted.history[0]["train_loss"]
    assert fitted.best["val_miou"] > 0.6
    assert check_parity(candidate, final, model, squares).max_difference < 1e-4
    assert (model.marks.network, model.backbone_digest) == ("unet", network.digest)
    found = {one.class_name for square in squares for one in model.objects(square, (WIDE, HIGH))}
    assert found == set(NAMES)
    onnx.checker.check_model(onnx.load_model_from_string(content))


@pytest.mark.slow
def test_unet__goes_on_after_a_kill_and_is_shared_by_two_processes(network: UNet, tmp_path: Path) -> None:
    assert_goes_on_and_is_shared(network, given(network, range(12)), given(network, range(100, 104)), tmp_path)


def test_unet__trains_the_encoder_from_the_named_layer_on_alone(network: UNet, tmp_path: Path) -> None:
    before = network.new().state_dict()
    fit = FitSettings(freeze_until="trunk.features.stages.3")
    after = trained(network, given(network, range(8)), given(network, range(4)), tmp_path, epochs=1, fit=fit).network.state_dict()
    moved = {name.split(".")[4] for name in before if name.startswith("backbone.") and not torch.equal(before[name], after[name])}

    assert moved == {"3", "4"}
    with pytest.raises(SettingsError, match=r"freeze_until: found blocks.1; .* Use one of: trunk.features.stages"):
        trained(network, given(network, range(8)), given(network, range(4)), tmp_path, fit=FitSettings(freeze_until="blocks.1"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"label_kind": "box"}, "unet is for label_kind mask with regions: semantic, found label_kind box; leave the section"),
        ({"label_kind": "class"}, "unet is for .* found label_kind class"),
        ({"labels": {"regions": "instance"}}, "found label_kind mask with regions: instance"),
        ({"network": {"name": "unet", "weights": "weights/mine"}}, "found weights/mine; leave network.weights out"),
    ],
)
def test_unet__is_refused_where_it_does_not_fit(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        check_network(a_mask_project(**settings), Path())


def test_layer__that_the_encoder_does_not_have_is_refused_before_the_night(network: UNet, tmp_path: Path) -> None:
    project = a_mask_project(training={"fit": {"freeze_until": "features.stages.3"}})

    with pytest.raises(SettingsError, match=r"found features.stages.3; .* Use one of: trunk.features.stages"):
        check_freezing(project, lambda _: SmallCnn(MAP_SIDE_PX, tmp_path), tmp_path)


def test_network__of_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"network.name: unknown network 'unett' \(did you mean 'unet'\?\)"):
        a_mask_project(network={"name": "unett"})


def test_unfreezing__is_refused_beside_a_network() -> None:
    with pytest.raises(SettingsError, match=r"unfreeze_epochs: found 2 with network unet, .* Set it to 0"):
        check_unfreezing(a_mask_project(training={"unfreeze_epochs": 2}))


def test_settings_of_the_backbone__are_followed_by_a_network_and_refused_without() -> None:
    training = {"fit": {"freeze_until": "trunk", "backbone_rate_ratio": 0.5}}

    assert a_mask_project(training=training).training.fit.freeze_until == "trunk"
    with pytest.raises(SettingsError, match=r"training.fit.freeze_until: found trunk with unfreeze_epochs: 0"):
        a_mask_project(training=training, network=None)
