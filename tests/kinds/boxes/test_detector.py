"""Tests of the detector: places of boxes, suppression, the exported file against PyTorch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from pipeline_tasks.errors import ModelError, ParityError
from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.decode import BoxDecoding
from pipeline_tasks.kinds.boxes.modelling import BoxModelling, PlacedBoxes
from pipeline_tasks.kinds.boxes.prediction_model import BoxPredictionModel
from pipeline_tasks.kinds.boxes.torch_head import BoxObjective
from pipeline_tasks.kinds.map_heads.assignment import NOTHING, assigned
from pipeline_tasks.kinds.map_heads.detector import MAX_CLASS_WEIGHT, SIZE_UNIT, DetectorHead, class_weights, detection_loss
from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES
from pipeline_tasks.kinds.map_heads.suppression import suppressed
from pipeline_tasks.kinds.map_heads.validation import average_precision
from pipeline_tasks.kinds.map_modelling import MapShape, MapTraining
from pipeline_tasks.settings import TrainingSettings

CLASSES = ("bolt", "nut")
SHAPES = tuple(MapShape(channels, 64 // stride, 64 // stride, stride) for channels, stride in ((4, 8), (6, 16), (8, 32)))
MODELLING = BoxModelling(CLASSES)


def a_head(seed: int = 1) -> DetectorHead:
    torch.manual_seed(seed)
    head = DetectorHead(SHAPES, len(CLASSES))
    with torch.no_grad():
        # As certain as after a training, so that some boxes are found.
        head.classes.bias.fill_(-2.0)
        head.classes.weight.mul_(30)
        head.sides.weight.mul_(10)
    return head.eval()


def maps_of(count: int, seed: int = 2) -> list[np.ndarray[Any, Any]]:
    drawn = np.random.default_rng(seed)
    return [drawn.normal(size=(count, one.channels, one.height, one.width)).astype(np.float32) for one in SHAPES]


def outputs_of(arrays: Any, maps: list[np.ndarray[Any, Any]]) -> list[dict[str, np.ndarray[Any, Any]]]:
    with torch.no_grad():
        found = MODELLING.final_head(arrays)(*(torch.from_numpy(one) for one in maps))
    return [dict(zip(BoxDecoding.output_names, (part[row].numpy() for part in found), strict=True)) for row in range(len(maps[0]))]


def a_session(graph: Any) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])


def test_assigned__gives_every_box_a_few_places() -> None:
    boxes = np.array([[4, 4, 40, 40], [50, 50, 54, 53], [0, 60, 64, 64]], np.float32)

    target = assigned(boxes, np.array([0, 1, 1]), SHAPES)

    for box, number in zip(boxes, (0, 1, 1), strict=True):
        mine = target[(target[:, 1:] == box).all(axis=1)]
        assert len(mine), box
        assert set(mine[:, 0]) == {number}
    assert (target[:, 0] == NOTHING).sum() > len(target) / 2


def test_assigned__of_an_empty_image_has_no_place() -> None:
    target = assigned(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), SHAPES)

    assert target.shape == (64 + 16 + 4, 5)
    assert (target[:, 0] == NOTHING).all()


def test_placed__moves_boxes_with_the_image_and_leaves_out_those_cut_away() -> None:
    objects = PlacedBoxes(np.array([[0.0, 0, 32, 32], [96, 0, 128, 32]]), np.array([0, 1]))
    left_half_mirrored = Placement(64, 1.0, is_mirrored=True)

    target = MODELLING.placed(objects, left_half_mirrored, SHAPES)

    assert {tuple(row) for row in target[target[:, 0] >= 0]} == {(0, 32, 0, 64, 32)}


def test_suppressed__keeps_the_most_confident_of_overlapping_boxes_and_boxes_of_other_classes() -> None:
    boxes = torch.tensor([[[0, 0, 0.5, 0.5], [0.02, 0, 0.52, 0.5], [0.04, 0, 0.54, 0.5], [0.6, 0.6, 0.9, 0.9]]])
    scores = torch.tensor([[[0.5, 0.0], [0.9, 0.0], [0.4, 0.3], [0.2, 0.0]]])

    found, sure, numbers, _ = (one[0] for one in suppressed(scores, boxes, 8, 4))

    assert sure.tolist() == pytest.approx([0.9, 0.3, 0.2, 0])
    assert numbers[:3].tolist() == [0, 1, 0]
    assert found[0].tolist() == pytest.approx([0.02, 0, 0.52, 0.5])


def test_suppressed__does_not_let_a_suppressed_box_suppress() -> None:
    """Three boxes in a row, each overlapping the next: the first suppresses the middle one, so the last is kept."""
    boxes = torch.tensor([[[0.0, 0, 1, 1], [0.2, 0, 1.2, 1], [0.4, 0, 1.4, 1]]])

    _, sure, _, _ = suppressed(torch.tensor([[[0.9], [0.8], [0.7]]]), boxes, 3, 3)

    assert sure[0].tolist() == pytest.approx([0.9, 0.7, 0])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_head_graph__finds_the_boxes_that_torch_finds_for_any_number_of_images(count: int) -> None:
    arrays = MODELLING.head_arrays(a_head(), SHAPES)
    names, maps = ["map_8", "map_16", "map_32"], maps_of(count)
    session = onnxruntime.InferenceSession(
        MODELLING.head_graph(arrays, names).SerializeToString(), providers=["CPUExecutionProvider"]
    )

    values = session.run(list(BoxDecoding.output_names), dict(zip(names, maps, strict=True)))

    wanted = outputs_of(arrays, maps)
    found = [dict(zip(BoxDecoding.output_names, (part[row] for part in values), strict=True)) for row in range(count)]
    assert all((one[SCORES] > 0).sum() > 3 for one in wanted)
    assert MODELLING.check_parity(wanted, found) < 1e-4
    assert [part.shape[:2] for part in values] == [(count, 168)] * 3


def test_head_graph__of_an_image_without_a_box_has_scores_of_nothing() -> None:
    head = a_head()
    with torch.no_grad():
        head.classes.weight.zero_()
        head.classes.bias.fill_(-20.0)
    arrays, names, maps = MODELLING.head_arrays(head, SHAPES), ["a", "b", "c"], maps_of(2)
    session = onnxruntime.InferenceSession(
        MODELLING.head_graph(arrays, names).SerializeToString(), providers=["CPUExecutionProvider"]
    )

    values = dict(zip(BoxDecoding.output_names, session.run(None, dict(zip(names, maps, strict=True))), strict=True))

    assert values[SCORES].max() == 0
    assert BoxDecoding(CLASSES).decode({name: one[0] for name, one in values.items()}, (640, 480)) == ()


def test_check_parity__refuses_a_lost_box_and_a_moved_one() -> None:
    wanted = outputs_of(MODELLING.head_arrays(a_head(), SHAPES), maps_of(1))
    lost = [{**wanted[0], SCORES: np.concatenate([[0], wanted[0][SCORES][1:]]).astype(np.float32)}]
    moved = [{**wanted[0], BOXES: wanted[0][BOXES] + np.float32(0.01)}]

    for found in (lost, moved):
        with pytest.raises(ParityError, match="wanted PyTorch's boxes"):
            MODELLING.check_parity(wanted, found)


@pytest.mark.parametrize(("lost", "is_fine"), [((), True), ((99,), True), ((98, 99), False), ((0,), False)])
def test_check_parity__takes_one_box_in_a_hundred_that_rounding_suppressed(lost: tuple[int, ...], is_fine: bool) -> None:
    """Boxes 98 and 99 overlap boxes 1 and 2 by 0.6, the limit of suppression; box 0 overlaps no other."""
    lefts = np.arange(100, dtype=np.float32) * 2
    lefts[98:] = lefts[1:3] + 0.25
    boxes = np.stack([lefts, np.zeros(100, np.float32), lefts + 1, np.ones(100, np.float32)], axis=1)
    wanted = {BOXES: boxes, SCORES: np.linspace(0.9, 0.5, 100).astype(np.float32), CLASS_NUMBERS: np.zeros(100, np.int64)}
    found = {name: np.delete(values, lost, axis=0) for name, values in wanted.items()}

    if is_fine:
        assert MODELLING.check_parity([wanted], [found]) == 0
    else:
        with pytest.raises(ParityError, match="difference of inf"):
            MODELLING.check_parity([wanted], [found])


def test_final_head__refuses_the_weights_of_another_kind() -> None:
    with pytest.raises(ModelError, match="wanted the weights of a detector"):
        MODELLING.final_head({"weight": np.zeros((2, 32)), "bias": np.zeros(2)})


def test_decode__undoes_the_square_and_cuts_at_the_border() -> None:
    shares = np.array([[0.25, 0.5, 0.5, 0.9], [0, 0, 0.1, 0.1], [0.1, 0.8, 0.2, 0.9]], np.float32)
    outputs = {BOXES: shares, SCORES: np.array([0.9, 0, 0.5], np.float32), CLASS_NUMBERS: np.array([1, 0, 0])}

    (found,) = BoxDecoding(CLASSES).decode(outputs, (640, 480))

    assert found == Box("nut", 160, 320, 160, 160, confidence=pytest.approx(0.9)), "the last one lies below the image"


def test_placement__is_undone_by_the_decoder() -> None:
    box = np.array([[10.0, 20, 200, 300]])

    shares = whole_image(333, 500, 64).boxes(box) / 64
    outputs = {BOXES: shares.astype(np.float32), SCORES: np.ones(1, np.float32), CLASS_NUMBERS: np.zeros(1, np.int64)}
    (found,) = BoxDecoding(CLASSES).decode(outputs, (333, 500))

    assert (found.x_min_px, found.y_min_px, found.width_px, found.height_px) == pytest.approx((10, 20, 190, 280), rel=1e-5)


def test_predict__leaves_out_boxes_below_the_threshold_and_counts_them() -> None:
    decoding = BoxDecoding(CLASSES)
    boxes = [Box("nut", 0, 0, 5, 5, confidence=0.9), Box("bolt", 5, 5, 5, 5, confidence=0.2)]

    prediction = decoding.predict(boxes, (64, 48), 0.5)

    assert [one.class_name for one in prediction.objects] == ["nut"]
    assert (prediction.left_out, decoding.says(prediction), decoding.headline(prediction)) == (1, "1 nut", "nut")
    assert decoding.headline(decoding.predict([], (64, 48), 0.5)) == "nothing"


def test_difference__of_recorded_boxes_ignores_their_order_and_sees_a_moved_one() -> None:
    outputs = outputs_of(MODELLING.head_arrays(a_head(), SHAPES), maps_of(1))[0]
    decoding = BoxDecoding(CLASSES)
    recorded = decoding.as_recorded(outputs)
    swapped = {name: one[np.array([1, 0, *range(2, len(one))])] for name, one in outputs.items()}
    moved = {**outputs, BOXES: outputs[BOXES] + np.float32(0.01)}

    assert decoding.difference(swapped, recorded) < 1e-5
    assert decoding.difference(moved, recorded) > 1e-3
    assert np.isnan(decoding.difference({**outputs, BOXES: outputs[BOXES] * np.float32(np.nan)}, recorded))


def test_objective__is_smaller_for_better_boxes() -> None:
    objective = BoxObjective(SHAPES, 2)
    target = torch.from_numpy(assigned(np.array([[10, 10, 30, 30]], np.float32), np.array([1]), SHAPES))[None]
    outputs = torch.full((1, 84, 6), -4.0)
    outputs[..., 2:] = 0.0
    better, is_given = outputs.clone(), target[0, :, 0] >= 0
    # The anchors of the finest map are 64 px wide, the box is 20 px wide.
    better[0, is_given, 4:] = float(np.log(20 / 64)) / SIZE_UNIT
    better[0, is_given, 1] = 0.0

    assert objective.loss(better, target) < objective.loss(outputs, target)


def test_detection_loss__moves_a_box_of_a_class_four_times_as_rare_twice_as_much() -> None:
    targets = torch.tensor([[[0.0, 0, 0, 8, 8]] * 4 + [[1.0, 0, 0, 8, 8]]])
    boxes = torch.tensor([[[1.0, 1, 9, 9]] * 5], requires_grad=True)

    detection_loss(torch.zeros(1, 5, 2), boxes, targets).backward()

    assert boxes.grad is not None
    moves = boxes.grad.norm(dim=2)[0]
    assert torch.allclose(moves[4] / moves[:4], torch.full((4,), 2.0))


def test_class_weights__are_1_on_average_and_bounded_for_very_rare_classes() -> None:
    numbers = torch.tensor([0] * 10_000 + [1])
    weights = class_weights(numbers, 3)

    assert weights.mean() == pytest.approx(1)
    assert weights[-1] / weights[0] == pytest.approx(MAX_CLASS_WEIGHT)
    assert torch.equal(class_weights(numbers[:10], 1), torch.ones(10))
    assert class_weights(numbers[:0], 3).shape == (0,)


def test_average_precision__is_1_for_the_truth_and_one_half_for_half_of_it() -> None:
    target = assigned(np.array([[10, 10, 30, 30], [40, 40, 60, 60]], np.float32), np.array([1, 1]), SHAPES)
    truth = np.array([[10, 10, 30, 30], [40, 40, 60, 60]], np.float32)

    whole = average_precision([(truth, np.array([0.9, 0.8]), np.array([1, 1]))], [target])
    half = average_precision([(truth[:1], np.array([0.9]), np.array([1]))], [target])

    assert whole == 1.0
    assert half == pytest.approx(51 / 101)


def test_prediction_model__has_the_fields_of_a_prediction() -> None:
    prediction = BoxDecoding(CLASSES).predict([Box("nut", 1, 2, 5, 6, confidence=0.9)], (64, 48), 0.5)

    read = BoxPredictionModel.model_validate(asdict(prediction), strict=False)

    assert read.model_dump() == {"objects": [asdict(prediction.objects[0])], "left_out": 0}
    assert BoxDecoding(CLASSES).read_prediction(read.model_dump()) == prediction


def a_training(images: int, **settings: int) -> MapTraining:
    one = PlacedBoxes(np.array([[0.0, 0, 9, 9]]), np.array([0]))
    return MODELLING.training(TrainingSettings(**settings), [one] * images, [one] * max(images // 5, 1))


def test_training__has_enough_steps_for_few_images_and_limited_ones_for_many() -> None:
    steps = {images: steps_of(a_training(images), images) for images in (10, 50, 218, 1000, 20_000)}

    assert min(steps.values()) >= 400
    assert max(steps.values()) <= 2500
    assert [a_training(images).views for images in (50, 218, 20_000)] == [6, 3, 0]


def steps_of(how: MapTraining, images: int) -> int:
    return how.epochs * -(-images * (1 + how.views) // how.batch_size)


def test_training__keeps_to_the_settings_and_chooses_an_epoch_only_with_enough_images() -> None:
    assert a_training(50, max_epochs=2, augmented_views=0).epochs == 2
    assert a_training(50, augmented_views=0).views == 0
    assert a_training(40).patience_epochs is None
    assert a_training(60).patience_epochs is not None
