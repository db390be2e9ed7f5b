"""Tests of the model of keypoints: targets of points, mirrored names, the exported file against PyTorch, its decoding."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import onnxruntime
import polars as pl
import pytest
import torch

from pipeline_tasks.augmentations.policy import FOR_PLACES, policy_of
from pipeline_tasks.errors import ModelError, ParityError
from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.kinds.keypoints.decode import NUMBERS, POINTS, KeypointDecoding
from pipeline_tasks.kinds.keypoints.layout import PointLayout
from pipeline_tasks.kinds.keypoints.modelling import KeypointModelling
from pipeline_tasks.kinds.keypoints.placed_things import PlacedThings
from pipeline_tasks.kinds.keypoints.prediction_model import KeypointPredictionModel
from pipeline_tasks.kinds.keypoints.settings import KeypointSettings
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton, points_as_columns
from pipeline_tasks.kinds.keypoints.torch_head import NEAR_CELLS, PoseHead, Things
from pipeline_tasks.kinds.map_heads.assignment import NOTHING
from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES
from pipeline_tasks.kinds.map_modelling import MapShape
from pipeline_tasks.models.placed_views import DEFAULT_MOVES, moves_of, placed_view

torch.set_num_threads(1)
"""Threads of torch wait for each other much longer than they compute here."""
NAMES = {"hand": ("left", "right", "palm"), "key": ("tip",)}
SIGMAS = {"hand": {"left": 0.1, "right": 0.1, "palm": 0.1}, "key": {"tip": 0.1}}
SHAPES = tuple(MapShape(channels, 64 // stride, 64 // stride, stride) for channels, stride in ((4, 8), (6, 16), (8, 32)))
MODELLING = KeypointModelling(NAMES, SIGMAS)
MIRRORING = KeypointModelling(NAMES, SIGMAS, {"hand": (("left", "right"),), "key": ()})
HAND = Skeleton("hand", (Point("left", 8.0, 20.0), Point("palm", 20.0, 40.0, is_visible=False)))
KEY = Skeleton("key", (Point("tip", 50.0, 10.0),), 40.0, 0.0, 20.0, 30.0)


def rows_of(*images: tuple[Skeleton, ...]) -> pl.DataFrame:
    found = []
    for things in images:
        rows = []
        for one in things:
            numbers, names = points_as_columns(one.points)
            sides = {"x_min_px": one.x_min_px, "y_min_px": one.y_min_px, "width_px": one.width_px, "height_px": one.height_px}
            rows.append({"class_name": one.class_name, "points_px": numbers, "text": names, **sides})
        found.append({"objects": rows, "width_px": 64, "height_px": 64})
    return pl.DataFrame(found)


def placed(things: tuple[Skeleton, ...], placement: Placement, modelling: KeypointModelling = MODELLING) -> np.ndarray[Any, Any]:
    """The different rows of a target that find a thing."""
    (objects,) = modelling.objects(rows_of(things))
    target = modelling.placed(objects, placement, SHAPES)
    return np.unique(target[target[:, 0] != NOTHING], axis=0)


def test_placed__says_box_and_points_of_each_thing_and_nothing_of_points_of_other_classes() -> None:
    hand, key = placed((HAND, KEY), whole_image(64, 64, 64))

    assert hand[[0]].tolist() == [0]
    assert hand[5:].reshape(4, 3).tolist() == [[8, 20, 2], [0, 0, 0], [20, 40, 1], [0, 0, -1]]
    assert key[:5].tolist() == [1, 40, 0, 60, 30], "the drawn box"
    assert key[5:].reshape(4, 3)[:, 2].tolist() == [-1, -1, -1, 2]


def test_placed__puts_a_margin_around_the_points_of_a_thing_without_a_drawn_box() -> None:
    (hand,) = placed((HAND,), whole_image(64, 64, 64))
    (lone,) = placed((Skeleton("key", (Point("tip", 30.0, 30.0),)),), whole_image(64, 64, 64))

    assert hand[1:5].tolist() == [6, 18, 22, 42], "a tenth of 20 px on each side"
    assert lone[1:5].tolist() == [28, 28, 32, 32], "a sixteenth of the image"


def test_placed__changes_the_names_of_mirrored_points_only_in_a_mirror() -> None:
    plain = placed((HAND,), Placement(64, 1.0), MIRRORING)[0, 5:].reshape(4, 3)
    mirrored = placed((HAND,), Placement(64, 1.0, is_mirrored=True), MIRRORING)[0, 5:].reshape(4, 3)

    assert plain[:3].tolist() == [[8, 20, 2], [0, 0, 0], [20, 40, 1]]
    assert mirrored[:3].tolist() == [[0, 0, 0], [56, 20, 2], [44, 40, 1]]


def test_placed__takes_points_that_a_view_cuts_away_as_not_placed() -> None:
    (hand,) = placed((HAND,), Placement(64, 1.0, left_px=10.0))

    assert hand[5:].reshape(4, 3).tolist() == [[0, 0, 0], [0, 0, 0], [10, 40, 1], [0, 0, -1]]


def test_placed__of_an_empty_image_finds_nothing() -> None:
    (objects,) = MODELLING.objects(rows_of(()))

    target = MODELLING.placed(objects, whole_image(64, 64, 64), SHAPES)

    assert target.shape == (84, 5 + 12)
    assert (target[:, 0] == NOTHING).all()


def test_views__are_mirrored_only_if_every_class_says_which_points_change_places() -> None:
    options = {"skeleton": {name: list(points) for name, points in NAMES.items()}}
    half = KeypointSettings(**options, mirrored_pairs={"hand": [["left", "right"]]})
    whole = KeypointSettings(**options, mirrored_pairs={"hand": [["left", "right"]], "key": []})

    assert [modelling_of(one).may_mirror for one in (KeypointSettings(**options), half, whole)] == [False, False, True]
    never = moves_of(policy_of(None, FOR_PLACES), may_mirror=False)
    assert not any(placed_view(640, 480, 64, seed, never).placement.is_mirrored for seed in range(30))
    assert never.digest != DEFAULT_MOVES.digest


def modelling_of(settings: KeypointSettings) -> KeypointModelling:
    from pipeline_tasks.kinds.keypoints.keypoint_kind import KeypointKind

    return KeypointKind(tuple(NAMES), options=settings.model_dump(mode="json")).modelling


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ({"foot": []}, "mirrored_pairs: no such class: 'foot'"),
        ({"hand": [["left", "thumb"]]}, "mirrored_pairs.hand: "),
        ({"hand": [["left", "right"], ["left", "palm"]]}, "found 'left' twice"),
    ],
)
def test_settings__refuse_mirrored_pairs_that_cannot_be(pairs: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says.split(":")[0]):
        KeypointSettings(skeleton={name: list(points) for name, points in NAMES.items()}, mirrored_pairs=pairs)


def a_head(seed: int = 1) -> PoseHead:
    torch.manual_seed(seed)
    head = PoseHead(SHAPES, PointLayout(NAMES))
    assert head.more is not None
    with torch.no_grad():
        # As certain as after a training, so that some things are found.
        head.classes.bias.fill_(-2.0)
        head.classes.weight.mul_(30)
        head.sides.weight.mul_(10)
        head.more.weight.mul_(10)
        head.fields.weight.mul_(3)
    return head.eval()


def maps_of(count: int, seed: int = 2) -> list[np.ndarray[Any, Any]]:
    drawn = np.random.default_rng(seed)
    return [drawn.normal(size=(count, one.channels, one.height, one.width)).astype(np.float32) for one in SHAPES]


def torch_outputs(head: PoseHead, maps: list[np.ndarray[Any, Any]]) -> list[dict[str, np.ndarray[Any, Any]]]:
    with torch.no_grad():
        found = MODELLING.final_head(MODELLING.head_arrays(head, SHAPES))(*(torch.from_numpy(one) for one in maps))
    return [dict(zip(NUMBERS, (part[row].numpy() for part in found), strict=True)) for row in range(len(maps[0]))]


def file_outputs(head: PoseHead, maps: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    names = ["map_8", "map_16", "map_32"]
    graph = MODELLING.head_graph(MODELLING.head_arrays(head, SHAPES), names)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[np.ndarray[Any, Any]] = session.run(list(NUMBERS), dict(zip(names, maps, strict=True)))
    return found


@pytest.mark.parametrize("count", [0, 1, 3])
def test_head_graph__finds_the_things_that_torch_finds_for_any_number_of_images(count: int) -> None:
    head, maps = a_head(), maps_of(count)

    values = file_outputs(head, maps)

    wanted = torch_outputs(head, maps)
    found = [dict(zip(NUMBERS, (part[row] for part in values), strict=True)) for row in range(count)]
    assert all((one[SCORES] > 0).sum() > 3 for one in wanted)
    assert MODELLING.check_parity(wanted, found) < 1e-4
    assert [part.shape[:2] for part in values] == [(count, 168)] * 4
    assert values[3].shape[2:] == (4, 3)


def test_head_graph__of_images_without_a_thing_has_scores_of_nothing() -> None:
    head = a_head()
    with torch.no_grad():
        head.classes.weight.zero_()
        head.classes.bias.fill_(-20.0)

    values = dict(zip(NUMBERS, file_outputs(head, maps_of(2)), strict=True))

    assert values[SCORES].max() == 0
    assert KeypointDecoding(NAMES).decode({name: one[0] for name, one in values.items()}, (640, 480)) == ()


def test_check_parity__refuses_a_lost_thing_and_a_moved_point() -> None:
    wanted = torch_outputs(a_head(), maps_of(1))
    lost = [{**wanted[0], SCORES: np.concatenate([[0], wanted[0][SCORES][1:]]).astype(np.float32)}]
    moved = [{**wanted[0], POINTS: wanted[0][POINTS] + np.float32(0.01)}]

    for found in (lost, moved):
        with pytest.raises(ParityError, match="wanted PyTorch's things"):
            MODELLING.check_parity(wanted, found)


def test_final_head__refuses_the_weights_of_another_kind() -> None:
    with pytest.raises(ModelError, match="wanted the weights of a head of poses"):
        MODELLING.final_head({"weight": np.zeros((2, 32)), "bias": np.zeros(2)})


OUTPUTS = {
    BOXES: np.array([[0.25, 0.5, 0.5, 0.7], [0, 0, 0.1, 0.1], [0.1, 0.1, 0.2, 0.2], [0, 0, 0, 0]], np.float32),
    SCORES: np.array([0.9, 0.6, 0.2, 0], np.float32),
    CLASS_NUMBERS: np.array([0, 1, 0, 0]),
    POINTS: np.tile(np.array([[0.25, 0.5, 0.9], [0.5, 0.7, 0.2], [2.0, 0.5, 0.8], [0.1, 0.05, 0.7]], np.float32), (4, 1, 1)),
}


def test_decode__gives_each_thing_the_points_of_its_class_inside_the_image() -> None:
    hand, key, second = KeypointDecoding(NAMES).decode(OUTPUTS, (640, 480))

    assert (hand.class_name, hand.box_px) == ("hand", (160, 320, 160, pytest.approx(128, rel=1e-5)))
    points = [(one.name, one.x_px, one.is_visible) for one in hand.points]
    assert points == [("left", 160, True), ("right", 320, False), ("palm", 640, True)]
    assert [one.name for one in key.points] == ["tip"]
    assert second.confidence == pytest.approx(0.2)


def test_decode__keeps_the_surest_thing_of_each_class_where_there_is_at_most_one() -> None:
    found = KeypointDecoding(NAMES, is_one=True).decode(OUTPUTS, (640, 480))

    assert [(one.class_name, round(one.confidence or 0, 3)) for one in found] == [("hand", 0.9), ("key", 0.6)]


def test_predict__tells_sure_things_with_the_points_that_are_there() -> None:
    decoding = KeypointDecoding(NAMES)

    prediction = decoding.predict(decoding.decode(OUTPUTS, (640, 480)), (640, 480), 0)

    assert [[point.name for point in one.points] for one in prediction.objects] == [["left", "palm"], ["tip"]]
    assert (prediction.left_out, decoding.says(prediction), decoding.headline(prediction)) == (1, "1 hand, 1 key", "hand")
    read = KeypointPredictionModel.model_validate(asdict(prediction), strict=False)
    assert decoding.read_prediction(read.model_dump()) == prediction


def test_outlines__draw_box_edges_between_points_that_are_there_and_points() -> None:
    decoding = KeypointDecoding(NAMES, edges={"hand": (("left", "palm"), ("palm", "right"))})

    prediction = decoding.predict(decoding.decode(OUTPUTS, (640, 480)), (640, 480), 0.8)
    outlines = decoding.outlines(prediction, (640, 480))

    assert [one.words for one in outlines] == ["left", "palm", "", "hand 0.90"]
    assert outlines[2].points_px == (160, 320, 640, 320)


def test_difference__of_recorded_things_sees_a_moved_point_and_ignores_their_order() -> None:
    outputs, decoding = torch_outputs(a_head(), maps_of(1))[0], KeypointDecoding(NAMES)
    recorded = decoding.as_recorded(outputs)
    swapped = {name: one[np.array([1, 0, *range(2, len(one))])] for name, one in outputs.items()}

    assert decoding.difference(swapped, recorded) < 1e-5
    assert decoding.difference({**outputs, POINTS: outputs[POINTS] + np.float32(0.01)}, recorded) > 5e-3
    assert np.isnan(decoding.difference({**outputs, POINTS: outputs[POINTS] * np.float32(np.nan)}, recorded))


def test_objective__is_smaller_for_nearer_points_and_ignores_those_that_are_not_placed() -> None:
    objective = MODELLING.objective(SHAPES)
    (objects,) = MODELLING.objects(rows_of((HAND,)))
    target = MODELLING.placed(objects, whole_image(64, 64, 64), SHAPES)
    far, near, absent = (np.zeros((84, 2 + 4 + 12), np.float32) for _ in range(3))
    away = (target[:, 5:7] - centres_of()) / (units_of()[:, None])
    near[:, 6:8] = np.where(target[:, :1] != NOTHING, away, 0)
    absent[:, 9:11] = 40.0

    losses = [objective.loss(a_row(one), torch.from_numpy(target)[None]).item() for one in (far, near, absent)]

    assert losses[1] < losses[0]
    assert losses[2] == losses[0], "the right point is not in the image"


def a_row(places: np.ndarray[Any, Any], fields: np.ndarray[Any, Any] | None = None) -> torch.Tensor:
    """A row of outputs of one image; without fields they say that no point is near."""
    if fields is None:
        fields = np.zeros((4, 3, 64), np.float32)
        fields[:, 0] = -20.0
    return torch.from_numpy(np.concatenate([places.ravel(), fields.ravel()]).astype(np.float32))[None]


def test_fields__lead_a_point_to_its_place_and_their_loss_asks_for_that_way() -> None:
    """The palm is at 20, 40: in the cells around it the field says the way from each cell's middle."""
    (objects,) = MODELLING.objects(rows_of((HAND,)))
    target = torch.from_numpy(MODELLING.placed(objects, whole_image(64, 64, 64), SHAPES))[None]
    right = np.zeros((4, 3, 64), np.float32)
    right[:, 0] = -20.0
    middles = centres_of()[:64]
    for number, place in ((0, (8.0, 20.0)), (2, (20.0, 40.0))):
        way = (np.array(place) - middles) / 8
        is_near = np.hypot(*way.T) <= NEAR_CELLS
        right[number, 0, is_near], right[number, 1:, is_near] = 20.0, way[is_near]
    wrong = right.copy()
    wrong[2, 1] += 1.0
    coarse = torch.tensor([[[[30.0, 20.0], [5.0, 5.0], [28.0, 47.0], [9.0, 9.0]]]])

    found = Things(SHAPES, 2).refined(coarse, torch.from_numpy(right)[None])
    objective, places = MODELLING.objective(SHAPES), np.zeros((84, 18), np.float32)

    assert found[0, 0].flatten().tolist() == pytest.approx([8, 20, 5, 5, 20, 40, 9, 9], abs=1e-3)
    losses = [objective.loss(a_row(places, one), target).item() for one in (right, wrong)]
    assert losses[0] < losses[1]


def centres_of() -> np.ndarray[Any, Any]:
    from pipeline_tasks.kinds.map_heads.assignment import places

    return places(SHAPES)[0]


def units_of() -> np.ndarray[Any, Any]:
    from pipeline_tasks.kinds.map_heads.assignment import ANCHOR_STRIDES, places
    from pipeline_tasks.kinds.map_heads.detector import SHIFT_UNIT

    return places(SHAPES)[1] * ANCHOR_STRIDES * SHIFT_UNIT


def test_metrics__are_whole_for_the_truth_and_nothing_for_no_thing() -> None:
    objective = MODELLING.objective(SHAPES)
    (objects,) = MODELLING.objects(rows_of((HAND,)))
    target = torch.from_numpy(MODELLING.placed(objects, whole_image(64, 64, 64), SHAPES))[None]
    nothing = np.full((84, 18), -20.0, np.float32)
    right = nothing.copy()
    at = int((target[0, :, 0] >= 0).nonzero()[0])
    right[at, 0], right[at, 2:] = 5.0, 0.0
    for point in range(4):
        away = target[0, at, 5 + 3 * point : 7 + 3 * point].numpy() - centres_of()[at]
        right[at, 6 + 3 * point : 8 + 3 * point] = away / units_of()[at]

    assert objective.metrics(a_row(right), target)["val_ap"] == 1.0
    assert objective.metrics(a_row(nothing), target)["val_ap"] == 0.0


def test_loss__of_images_without_a_thing_is_a_number() -> None:
    objective, images = MODELLING.objective(SHAPES), MODELLING.objects(rows_of((), (HAND,)))
    targets = torch.from_numpy(np.stack([MODELLING.placed(one, whole_image(64, 64, 64), SHAPES) for one in images]))
    rows = a_row(np.zeros((84, 18), np.float32)).repeat(2, 1)

    assert torch.isfinite(objective.loss(rows[:1], targets[:1]))
    assert torch.isfinite(objective.loss(rows, targets))
    assert objective.metrics(rows[:1], targets[:1])["val_ap"] == 0.0


def test_why_not_train__counts_things_and_never_shown_names_classes_without_one() -> None:
    assert MODELLING.why_not_train(rows_of((HAND,) * 4, ())) == (
        "a model of keypoints needs at least 10 things in its training images, the version has 4"
    )
    assert MODELLING.why_not_train(rows_of((HAND,) * 10)) == ""
    assert MODELLING.never_shown(MODELLING.objects(rows_of((HAND,), ()))) == ("key",)


def test_objects__leave_out_things_none_of_whose_points_the_skeleton_still_has() -> None:
    old = Skeleton("key", (Point("hole", 3.0, 3.0),))

    (found,) = MODELLING.objects(rows_of((old,)))

    assert isinstance(found, PlacedThings)
    assert found.points.shape == (0, 4, 3)
