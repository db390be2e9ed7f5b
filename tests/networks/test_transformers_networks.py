"""Tests of networks by transformers: loaded from their folder alone, with a new end, trained, and exported as torch computes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from given import a_project
from kinds.boxes import test_boxes_through_two_nights as boxes
from kinds.given_nights import HIGH, WIDE
from kinds.masks import test_masks_through_two_nights as masks
from networks.given_folders import put_d_fine, put_deeplabv3, put_detr, put_rt_detr, put_segformer
from networks.given_networks import MAP_SIDE_PX, assert_goes_on_and_is_shared, candidate_of, examples, trained
from networks.test_unet import masks_of

from pipeline_tasks.backbones.onnx_export import export_onnx
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.boxes.modelling import PlacedBoxes
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.models.exporting import export_model_bytes
from pipeline_tasks.models.parity import check_parity
from pipeline_tasks.networks.network import check_network, open_network
from pipeline_tasks.settings import Project

pytestmark = pytest.mark.slow
NO_BACKBONE: Any = None
"""These networks do not use the project's."""
PUT = {"rt_detr": put_rt_detr, "d_fine": put_d_fine, "detr": put_detr, "segformer": put_segformer, "deeplabv3": put_deeplabv3}
KIND = {"rt_detr": "box", "d_fine": "box", "detr": "box", "segformer": "mask", "deeplabv3": "mask"}
ENDS = ("class_embed", "enc_score_head", "class_labels_classifier", "decode_head.classifier", "segmentation_head.classifier")
TYPE = {"deeplabv3": "mobilenet_v2"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("folders")
    for name, put in PUT.items():
        put(made / name)
    return made


def project_of(name: str, folder: Path | None, **settings: Any) -> Project:
    network = {"name": name, "weights": None if folder is None else str(folder)}
    return a_project(**{"label_kind": KIND[name], "network": network, "backbone": {"map_side_px": MAP_SIDE_PX}} | settings)


def boxes_of(number: int) -> PlacedBoxes:
    found = boxes.parts(number)
    corners = [[one.x_min_px, one.y_min_px, one.x_min_px + one.width_px, one.y_min_px + one.height_px] for one in found]
    return PlacedBoxes(
        np.array(corners, np.float64).reshape(-1, 4), np.array([("bolt", "nut").index(one.class_name) for one in found])
    )


def objects_and_images(name: str, numbers: range) -> tuple[list[Any], list[Any]]:
    if KIND[name] == "box":
        return [boxes_of(one) for one in numbers], [boxes.drawn(boxes.parts(one), one) for one in numbers]
    return [masks_of(one) for one in numbers], [masks.drawn(masks.parts(one), one) for one in numbers]


@pytest.mark.parametrize("name", PUT)
def test_network__learns_and_its_file_says_what_torch_says(name: str, folders: Path, tmp_path: Path) -> None:
    project = project_of(name, folders / name)
    network = open_network(project, NO_BACKBONE, Path())
    assert network is not None
    sets = []
    for numbers in (range(16), range(100, 104)):
        objects, images = objects_and_images(name, numbers)
        sets.append(examples(network, images, objects))
    fitted = trained(network, sets[0], sets[1], tmp_path, epochs=5)
    candidate, final = candidate_of(network, kind_of(project), fitted), network.final(fitted.network)
    names = candidate.marks.kind.decoding.output_names
    model = ExportedModel(export_model_bytes(candidate, export_onnx(final, network.side_px, names)))
    unseen = objects_and_images(name, range(200, 206))[1]
    squares = np.stack([model_image(one, network.side_px, model.framing) for one in unseen])

    assert fitted.history[-1]["train_loss"] < 0.9 * fitted.history[0]["train_loss"]
    assert check_parity(candidate, final, model, squares).max_difference < 1e-3
    assert (model.marks.network, model.backbone_digest) == (name, network.digest)
    assert {one.class_name for square in squares for one in model.objects(square, (WIDE, HIGH))} <= {"bolt", "nut"}


@pytest.mark.parametrize("name", PUT)
def test_new__draws_the_end_alone_and_the_same_for_a_seed(name: str, folders: Path) -> None:
    network = open_network(project_of(name, folders / name), NO_BACKBONE, Path())
    assert network is not None
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(network.new().state_dict())
    changed = {key for key in states[0] if not torch.equal(states[0][key], states[2][key])}

    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert changed
    assert all(any(part in key for part in ENDS) for key in changed)


@pytest.mark.parametrize("name", PUT)
def test_folder__is_asked_for_and_another_network_is_refused(name: str, folders: Path) -> None:
    other = next(one for one in PUT if one != name)

    with pytest.raises(SettingsError, match=rf"network.weights: {name} needs the folder .* hf download "):
        check_network(project_of(name, None), Path())
    with pytest.raises(SettingsError, match=rf"network.weights: {name} wants config.json in .*nowhere, found none"):
        check_network(project_of(name, folders / "nowhere"), Path())
    with pytest.raises(SettingsError, match=rf"{name} wants a network of model_type {TYPE.get(name, name)}.*, found {other} in "):
        check_network(project_of(name, folders / other), Path())
    with pytest.raises(SettingsError, match=rf"network.name: {name} is for label_kind .*, found label_kind class"):
        check_network(project_of(name, folders / name, label_kind="class"), None)


def test_folder__that_lacks_weights_is_refused_and_its_digest_is_of_the_content(folders: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    copy = Path(shutil.copytree(folders / "segformer", tmp_path / "copy"))
    same = [open_network(project_of("segformer", one), NO_BACKBONE, Path()) for one in (folders / "segformer", copy)]
    weights = load_file(copy / "model.safetensors")
    lost = next(key for key in weights if key.startswith("segformer.") and key.endswith("weight"))
    save_file({key: values for key, values in weights.items() if key != lost}, copy / "model.safetensors", {"format": "pt"})
    damaged = open_network(project_of("segformer", copy), NO_BACKBONE, Path())
    assert same[0] is not None
    assert same[1] is not None
    assert damaged is not None

    assert same[0].digest == same[1].digest != damaged.digest
    with pytest.raises(SettingsError, match=r"network.weights: .*copy lacks weights of the network, such as segformer\."):
        damaged.new()


def test_preprocessing__that_normalises_by_nothing_names_the_key_of_the_network(folders: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders / "rt_detr", tmp_path / "copy"))
    (copy / "preprocessor_config.json").write_text(json.dumps({"do_normalize": True}))

    with pytest.raises(SettingsError, match=r"network.weights: wanted image_mean as three numbers"):
        check_network(project_of("rt_detr", copy), Path())


@pytest.mark.parametrize("name", [one for one in PUT if KIND[one] == "box"])
def test_detector__learns_by_all_of_its_weights(name: str, folders: Path) -> None:
    network = open_network(project_of(name, folders / name), NO_BACKBONE, Path())
    assert network is not None
    objects, images = objects_and_images(name, range(4))
    batch = examples(network, images, objects)
    new = network.new()
    network.objective().loss(new(torch.from_numpy(batch.squares)), torch.from_numpy(batch.targets)).backward()

    assert [key for key, weights in new.named_parameters() if weights.requires_grad and weights.grad is None] == []


def test_detr__refuses_a_folder_whose_backbone_is_of_timm(folders: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders / "detr", tmp_path / "copy"))
    (copy / "config.json").write_text(json.dumps({"model_type": "detr", "use_timm_backbone": True, "backbone": "resnet50"}))

    with pytest.raises(SettingsError, match=r"detr wants a backbone of transformers itself, .* --revision no_timm "):
        check_network(project_of("detr", copy), Path())


@pytest.mark.parametrize("name", PUT)
def test_training__goes_on_after_a_kill_and_is_shared_by_two_processes(name: str, folders: Path, tmp_path: Path) -> None:
    network = open_network(project_of(name, folders / name), NO_BACKBONE, Path())
    assert network is not None
    drawn = [objects_and_images(name, numbers) for numbers in (range(16), range(100, 104))]
    train, val = (examples(network, images, objects) for objects, images in drawn)

    assert_goes_on_and_is_shared(network, train, val, tmp_path)


def test_segformer__learns_statistics_of_its_decoder(folders: Path, tmp_path: Path) -> None:
    network = open_network(project_of("segformer", folders / "segformer"), NO_BACKBONE, Path())
    assert network is not None
    objects, images = objects_and_images("segformer", range(8))
    given = examples(network, images, objects)
    before = network.new().state_dict()
    after = trained(network, given, given, tmp_path, epochs=1).network.state_dict()
    moved = {key for key, values in before.items() if key.endswith("running_mean") and not torch.equal(values, after[key])}

    assert moved == {"head.decode_head.batch_norm.running_mean"}
