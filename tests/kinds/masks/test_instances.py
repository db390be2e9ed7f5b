"""Tests of the model of objects: targets of cells, the exported file against PyTorch, its decoding to masks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import onnxruntime
import polars as pl
import pytest
import torch
from kinds.masks.given_masks import disk

from pipeline_tasks.errors import ModelError, ParityError
from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.geometry.run_lengths import area, decode, iou
from pipeline_tasks.kinds.map_heads.assignment import ANCHOR_STRIDES, NOTHING, places
from pipeline_tasks.kinds.map_heads.detector import SHIFT_UNIT, SIZE_UNIT
from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES
from pipeline_tasks.kinds.map_modelling import MapShape
from pipeline_tasks.kinds.masks.instance_decode import COEFFICIENTS, PROTOTYPES, InstanceDecoding, mask_in_box
from pipeline_tasks.kinds.masks.instance_modelling import InstanceModelling
from pipeline_tasks.kinds.masks.instance_torch_head import PROTOTYPES as K
from pipeline_tasks.kinds.masks.instance_torch_head import InstanceHead
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.placed_instances import NUMBERS
from pipeline_tasks.kinds.masks.prediction_model import MaskPredictionModel

torch.set_num_threads(1)
"""Threads of torch wait for each other much longer than they compute here."""
CLASSES = ("bolt", "nut")
SHAPES = tuple(MapShape(channels, 64 // stride, 64 // stride, stride) for channels, stride in ((4, 8), (6, 16), (8, 32)))
MODELLING, DECODING = InstanceModelling(CLASSES), InstanceDecoding(CLASSES)
SIZE = (64, 64)
TWO = (disk("nut", 16, 16, 10, SIZE), disk("nut", 44, 44, 14, SIZE))


def rows_of(*images: tuple[Mask, ...]) -> pl.DataFrame:
    objects = [[{"class_name": one.class_name, "mask_rle": one.rle} for one in masks] for masks in images]
    return pl.DataFrame({"objects": objects, "width_px": [SIZE[0]] * len(images), "height_px": [SIZE[1]] * len(images)})


def parts_of(masks: tuple[Mask, ...], placement: Placement) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Targets of the places and of the cells."""
    (objects,) = MODELLING.objects(rows_of(masks))
    target = MODELLING.placed(objects, placement, SHAPES)
    return target[: 84 * NUMBERS].reshape(84, NUMBERS), target[84 * NUMBERS :].reshape(16, 16)


def test_placed__says_which_object_each_place_and_each_cell_belongs_to() -> None:
    given, cells = parts_of(TWO, whole_image(*SIZE, 64))

    for number, mask in enumerate(TWO):
        mine = given[given[:, 5] == number]
        assert len(mine)
        assert set(mine[:, 0]) == {1}
        x, y, width, height = mask.box_px
        assert (mine[:, 1:5] == (x, y, x + width, y + height)).all()
        covered = decode(mask.rle, SIZE).reshape(16, 4, 16, 4).mean(axis=(1, 3)) >= 0.5
        assert (covered == (cells == number)).all()


def test_placed__moves_cells_with_a_mirrored_view_and_forgets_objects_that_it_cuts_away() -> None:
    given, cells = parts_of(TWO, Placement(64, 1.0, left_px=32.0, is_mirrored=True))

    assert set(given[given[:, 0] != NOTHING, 5]) == {0}, "the left object is outside"
    _, plain = parts_of(TWO[1:], Placement(64, 1.0, left_px=32.0))
    assert (cells == plain[:, ::-1]).all()
    assert (cells == 0).sum() > 20


def test_placed__of_an_empty_image_finds_nothing() -> None:
    given, cells = parts_of((), whole_image(*SIZE, 64))

    assert (given[:, 0] == NOTHING).all()
    assert (cells == NOTHING).all()


def a_head(seed: int = 1) -> InstanceHead:
    torch.manual_seed(seed)
    head = InstanceHead(SHAPES, len(CLASSES))
    assert head.more is not None
    with torch.no_grad():
        # As certain as after a training, so that some objects are found.
        head.classes.bias.fill_(-2.0)
        head.classes.weight.mul_(30)
        head.sides.weight.mul_(10)
        head.more.weight.mul_(30)
    return head.eval()


def maps_of(count: int, seed: int = 2) -> list[np.ndarray[Any, Any]]:
    drawn = np.random.default_rng(seed)
    return [drawn.normal(size=(count, one.channels, one.height, one.width)).astype(np.float32) for one in SHAPES]


def torch_outputs(head: InstanceHead, maps: list[np.ndarray[Any, Any]]) -> list[dict[str, np.ndarray[Any, Any]]]:
    with torch.no_grad():
        found = MODELLING.final_head(MODELLING.head_arrays(head, SHAPES))(*(torch.from_numpy(one) for one in maps))
    return [dict(zip(DECODING.output_names, (part[row].numpy() for part in found), strict=True)) for row in range(len(maps[0]))]


def file_outputs(head: InstanceHead, maps: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    names = ["map_8", "map_16", "map_32"]
    graph = MODELLING.head_graph(MODELLING.head_arrays(head, SHAPES), names)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[np.ndarray[Any, Any]] = session.run(list(DECODING.output_names), dict(zip(names, maps, strict=True)))
    return found


@pytest.mark.parametrize("count", [0, 1, 3])
def test_head_graph__finds_the_objects_that_torch_finds_for_any_number_of_images(count: int) -> None:
    head, maps = a_head(), maps_of(count)

    values = file_outputs(head, maps)

    wanted = torch_outputs(head, maps)
    found = [dict(zip(DECODING.output_names, (part[row] for part in values), strict=True)) for row in range(count)]
    assert all((one[SCORES] > 0).sum() > 3 for one in wanted)
    assert MODELLING.check_parity(wanted, found) < 1e-4
    assert [part.shape[:2] for part in values[:4]] == [(count, 168)] * 4
    assert values[4].shape[2:] == (16, 16)
    for one, other in zip(wanted, found, strict=True):
        pairs = zip(DECODING.decode(one, (640, 640)), DECODING.decode(other, (640, 640)), strict=True)
        assert all(iou([mine.rle], [yours.rle])[0, 0] > 0.999 for mine, yours in pairs)


def test_head_graph__of_images_without_an_object_has_scores_of_nothing() -> None:
    head = a_head()
    with torch.no_grad():
        head.classes.weight.zero_()
        head.classes.bias.fill_(-20.0)

    values = dict(zip(DECODING.output_names, file_outputs(head, maps_of(2)), strict=True))

    assert values[SCORES].max() == 0
    assert DECODING.decode({name: one[0] for name, one in values.items()}, (640, 480)) == ()


def test_check_parity__refuses_a_lost_object_and_another_mask() -> None:
    wanted = torch_outputs(a_head(), maps_of(1))
    lost = [{**wanted[0], SCORES: np.concatenate([[0], wanted[0][SCORES][1:]]).astype(np.float32)}]
    others = [[{**wanted[0], name: wanted[0][name] + np.float32(0.01)}] for name in (COEFFICIENTS, PROTOTYPES)]

    for found in (lost, *others):
        with pytest.raises(ParityError, match="wanted PyTorch's objects"):
            MODELLING.check_parity(wanted, found)


def test_final_head__refuses_the_weights_of_another_kind() -> None:
    with pytest.raises(ModelError, match="wanted the weights of a model of objects"):
        MODELLING.final_head({"weight": np.zeros((2, 32)), "bias": np.zeros(2)})


@pytest.mark.parametrize("size", [(64, 64), (640, 480), (90, 300), (3000, 500)])
def test_mask_in_box__gives_the_pixels_of_logits_back_at_the_size_of_the_image(size: tuple[int, int]) -> None:
    """Cells hold the distance to a disk's edge, as logits do near it."""
    x, y, radius = size[0] / 2, size[1] / 2, min(size) / 2.5
    per_cell = max(size) / 80
    across, down = np.meshgrid((np.arange(80) + 0.5) * per_cell, (np.arange(80) + 0.5) * per_cell)
    logits = (radius - np.hypot(across - x, down - y)).astype(np.float32)

    found = decode(mask_in_box(logits, np.array([x - radius, y - radius, x + radius, y + radius]), size), size)
    half = decode(mask_in_box(logits, np.array([0, 0, x, size[1]]), size), size)

    truth = decode(disk("nut", x, y, radius, size).rle, size)
    assert (found == truth).mean() > 0.97
    assert not half[:, round(x) + 1 :].any()
    assert area(mask_in_box(logits, np.array([5.0, 5.0, 5.2, 9.0]), size)) == 0


def outputs_of_two() -> dict[str, np.ndarray[Any, Any]]:
    """A nut on the left that covers its box, and a bolt below the confidence that is told."""
    prototypes = np.ones((1, 16, 16), np.float32)
    return {
        BOXES: np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0, 0, 1, 1]], np.float32),
        SCORES: np.array([0.9, 0.2, 0.0], np.float32),
        CLASS_NUMBERS: np.array([1, 0, 0]),
        COEFFICIENTS: np.array([[0.5], [0.9], [0.9]], np.float32),
        PROTOTYPES: prototypes,
    }


def test_predict__tells_sure_objects_and_counts_the_others() -> None:
    objects = DECODING.decode(outputs_of_two(), (100, 80))

    prediction = DECODING.predict(objects, objects[0].size_px, 0)

    assert [(one.class_name, one.box_px) for one in objects] == [("nut", (0, 0, 50, 50)), ("bolt", (50, 50, 50, 30))]
    assert [one.class_name for one in prediction.objects] == ["nut"]
    assert (prediction.left_out, DECODING.says(prediction), DECODING.headline(prediction)) == (1, "1 nut", "nut")
    read = MaskPredictionModel.model_validate(asdict(prediction), strict=False)
    assert DECODING.read_prediction(read.model_dump()) == prediction


def test_difference__of_recorded_objects_sees_another_mask_and_ignores_their_order() -> None:
    outputs = torch_outputs(a_head(), maps_of(1))[0]
    recorded = DECODING.as_recorded(outputs)
    order = np.array([1, 0, *range(2, len(outputs[SCORES]))])
    swapped = {name: one if name == PROTOTYPES else one[order] for name, one in outputs.items()}

    assert DECODING.difference(swapped, recorded) < 1e-5
    for name in (COEFFICIENTS, PROTOTYPES):
        assert DECODING.difference({**outputs, name: outputs[name] + np.float32(0.01)}, recorded) > 5e-3
    assert np.isnan(DECODING.difference({**outputs, PROTOTYPES: outputs[PROTOTYPES] * np.float32(np.nan)}, recorded))


def test_objective__is_smaller_for_the_right_cells_and_its_precision_is_whole() -> None:
    objective, placement = MODELLING.objective(SHAPES), whole_image(*SIZE, 64)
    (objects,) = MODELLING.objects(rows_of(TWO[1:]))
    target = torch.from_numpy(MODELLING.placed(objects, placement, SHAPES))[None]
    (given, cells), (centres, strides) = parts_of(TWO[1:], placement), places(SHAPES)
    numbers = np.full((84, 2 + 4 + K), -20.0, np.float32)
    numbers[:, 2:] = 0.0
    at = int(np.flatnonzero(given[:, 0] != NOTHING)[0])
    box, anchor = given[at, 1:5], strides[at] * ANCHOR_STRIDES
    numbers[at, 1], numbers[at, 6] = 5.0, 3.0
    numbers[at, 2:4] = ((box[:2] + box[2:]) / 2 - centres[at]) / (anchor * SHIFT_UNIT)
    numbers[at, 4:6] = np.log((box[2:] - box[:2]) / anchor) / SIZE_UNIT
    prototypes = np.zeros((K, 16, 16), np.float32)
    prototypes[0] = np.where(cells == 0, 9.0, -9.0)
    right, wrong = (torch.from_numpy(np.concatenate([numbers.ravel(), sign * prototypes.ravel()]))[None] for sign in (1, -1))

    assert objective.loss(right, target) < objective.loss(wrong, target)
    assert [objective.metrics(one, target)["val_ap"] for one in (right, wrong)] == [1.0, 0.0]


def test_loss__of_images_without_an_object_is_a_number() -> None:
    objective, images = MODELLING.objective(SHAPES), MODELLING.objects(rows_of((), TWO))
    targets = torch.from_numpy(np.stack([MODELLING.placed(one, whole_image(*SIZE, 64), SHAPES) for one in images]))
    rows = torch.zeros(2, 84 * (2 + 4 + K) + K * 256)

    assert torch.isfinite(objective.loss(rows[:1], targets[:1]))
    assert torch.isfinite(objective.loss(rows, targets))
    assert objective.metrics(rows[:1], targets[:1])["val_ap"] == 0.0


def test_why_not_train__counts_masks_and_never_shown_names_classes_without_one() -> None:
    assert MODELLING.why_not_train(rows_of(TWO, ())) == (
        "a model of objects needs at least 10 masks in its training images, the version has 2"
    )
    assert MODELLING.why_not_train(rows_of(*[TWO] * 5)) == ""
    assert MODELLING.never_shown(MODELLING.objects(rows_of(TWO, ()))) == ("bolt",)
