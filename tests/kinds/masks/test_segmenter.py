"""Tests of the segmenter: exact targets, decoding in pixels, and an exported file equal to torch."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from kinds.masks.given_masks import disk

from pipeline_tasks.errors import ModelError, ParityError
from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.geometry.run_lengths import decode, encode
from pipeline_tasks.kinds.map_modelling import MapShape
from pipeline_tasks.kinds.masks.covers import Grid, ImageMasks, covers
from pipeline_tasks.kinds.masks.decode import SHARES, MaskDecoding
from pipeline_tasks.kinds.masks.modelling import MaskModelling, balanced
from pipeline_tasks.settings import TrainingSettings

torch.set_num_threads(1)
"""Threads of torch wait for each other much longer than they compute here."""
SHAPES = tuple(MapShape(3, 64 // stride, 64 // stride, stride) for stride in (8, 16, 32))
MODELLING = MaskModelling(("bolt", "nut"))
DECODING = MaskDecoding(("bolt", "nut"))


def test_covers__are_the_means_of_the_pixels_in_each_cell() -> None:
    mask = np.random.default_rng(0).random((24, 32)) < 0.4
    found = covers(ImageMasks((32, 24), {1: encode(mask)}), whole_image(32, 24, 32), Grid((8, 8), 4.0), 2)
    wanted = np.pad(mask.reshape(6, 4, 8, 4).mean(axis=(1, 3)), ((0, 2), (0, 0)))
    assert np.abs(found[2] / 255 - wanted).max() <= 0.5 / 255
    assert not found[1].any()
    assert (found[0] == np.pad(np.full((6, 8), 255), ((0, 2), (0, 0)))).all(), "below the image there is none"


def test_covers__follow_a_view_that_is_moved_and_mirrored() -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:20, 4:14] = True
    masks, grid = ImageMasks((40, 40), {0: encode(mask)}), Grid((8, 8), 4.0)
    plain = covers(masks, Placement(32, 1.6, 4.0, 10.0), grid, 1)
    mirrored = covers(masks, Placement(32, 1.6, 4.0, 10.0, is_mirrored=True), grid, 1)
    assert (mirrored == plain[:, :, ::-1]).all()
    assert (plain[1, :4, :4] == 255).all(), "10 pixels of 1.6 are 4 cells"
    assert plain[1].sum() == 16 * 255


@pytest.mark.parametrize("size", [(64, 64), (640, 480), (30, 90), (3000, 500)])
def test_decode__gives_the_pixels_of_shares_back_at_the_size_of_the_image(size: tuple[int, int]) -> None:
    truth = disk("nut", size[0] / 2, size[1] / 2, min(size) / 2.5, size)
    wanted = ImageMasks(size, {1: truth.rle})
    cells = covers(wanted, whole_image(*size, 320), Grid((80, 80), 4.0), 2) / 255
    shares = np.stack([1 - cells[1] - cells[2], cells[1], cells[2]]).astype(np.float32)
    (found,) = DECODING.decode({SHARES: shares}, size)
    same = decode(found.rle, size) == decode(truth.rle, size)
    assert (found.class_name, found.size_px) == ("nut", size)
    assert same.mean() > 0.97
    assert 0.5 < (found.confidence or 0) <= 1


def test_predict__leaves_out_uncertain_masks_and_reads_its_record_again() -> None:
    shares = np.zeros((3, 8, 8), np.float32)
    shares[:, :, :4] = np.array([0.1, 0.7, 0.2])[:, np.newaxis, np.newaxis]
    shares[:, :, 4:] = np.array([0.05, 0.0, 0.95])[:, np.newaxis, np.newaxis]
    objects = DECODING.decode({SHARES: shares}, (16, 16))
    prediction = DECODING.predict(objects, (16, 16), 0.8)
    assert [one.class_name for one in prediction.objects] == ["nut"]
    assert prediction.left_out == 1
    assert DECODING.headline(prediction) == "nut"
    fields = vars(prediction) | {"objects": [vars(one) for one in prediction.objects]}
    assert DECODING.read_prediction(fields) == prediction
    nothing = DECODING.predict((), (640, 480), 0.5)
    assert (DECODING.says(nothing), nothing.image_width_px, nothing.image_height_px) == ("nothing there", 640, 480)
    (outline,) = DECODING.outlines(prediction, (16, 16))
    assert outline.mask is not None
    assert outline.mask.sum() == prediction.objects[0].area_px
    assert DECODING.difference({SHARES: shares}, DECODING.as_recorded({SHARES: shares})) < 1e-6


def test_balanced__draws_images_with_a_rare_class_more_often() -> None:
    rle = disk("x", 20, 20, 10, (64, 64)).rle
    bolt, nut, both, empty = (ImageMasks((64, 64), dict.fromkeys(numbers, rle)) for numbers in ([0], [1], [0, 1], []))
    images = [bolt, bolt, bolt, both, nut, nut, nut, nut, nut, nut, nut, nut, *[empty] * 16]

    found = balanced(images)

    assert found[:4] == (0.5,) * 4, "4 images have a bolt, the rarer class"
    assert found[4:12] == (1 / 3,) * 8, "9 images have a nut"
    assert found[12:] == (0.25,) * 16
    assert MODELLING.training(TrainingSettings(), images, images).shares == found
    assert MODELLING.training(TrainingSettings(balance_classes=False), images, images).shares is None


@pytest.mark.parametrize("images", [1, 3])
def test_head_graph__equals_torch_for_any_number_of_images(images: int) -> None:
    torch.manual_seed(0)
    head = MODELLING.new_head(SHAPES).eval()
    arrays = MODELLING.head_arrays(head, SHAPES)
    names = [f"map_{one.stride}" for one in SHAPES]
    session = onnxruntime.InferenceSession(MODELLING.head_graph(arrays, names).SerializeToString())
    maps = [torch.randn(images, one.channels, one.height, one.width) for one in SHAPES]
    (found,) = session.run([SHARES], {name: one.numpy() for name, one in zip(names, maps, strict=True)})
    with torch.no_grad():
        (outputs,) = MODELLING.final_head(arrays)(*maps)
    wanted = outputs.numpy()
    assert found.shape == (images, 3, 16, 16)
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-5
    assert MODELLING.check_parity([{SHARES: one} for one in wanted], [{SHARES: one} for one in found]) < 1e-5
    with pytest.raises(ParityError, match="wanted shares within"):
        MODELLING.check_parity([{SHARES: wanted[0]}], [{SHARES: wanted[0] + 0.01}])
    with pytest.raises(ModelError, match="weights of a segmenter"):
        MODELLING.final_head({})


def test_share_of_nothing__does_not_depend_on_which_class_a_cell_is_of() -> None:
    torch.manual_seed(0)
    head = MODELLING.new_head(SHAPES).eval()
    rows = torch.randn(1, sum(one.values for one in SHAPES))
    with torch.no_grad():
        before = head(rows).softmax(1)
        head.get_parameter("context.bias")[0] += 5
        after = head(rows).softmax(1)

    assert torch.allclose(before[:, 0], after[:, 0], atol=1e-6)
    assert (after[:, 1] > before[:, 1]).all()
    assert (after[:, 2] < before[:, 2]).all()


def test_objective__falls_when_a_head_learns_two_images() -> None:
    torch.manual_seed(0)
    head, objective = MODELLING.new_head(SHAPES), MODELLING.objective(SHAPES)
    rows = torch.randn(2, sum(one.values for one in SHAPES))
    masks = [ImageMasks((64, 64), {number: disk("x", 20 + 20 * number, 30, 14, (64, 64)).rle}) for number in (0, 1)]
    targets = torch.from_numpy(np.stack([MODELLING.placed(one, whole_image(64, 64, 64), SHAPES) for one in masks]))
    optimizer = torch.optim.AdamW(head.parameters(), lr=4e-3)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = objective.loss(head(rows), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]
    assert objective.metrics(head(rows).detach(), targets)["val_miou"] > 0.7
