"""Tests that a champion's weights stand in a new head where they fit, and that new names start fresh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from models.trainings_of_kinds import HOW, MASKS, SHAPES, box_objects, maps_of, mask_objects
from torch import nn

from pipeline_tasks.kinds.boxes.modelling import BoxModelling
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.map_training import train_maps
from pipeline_tasks.models.warm_start import Start, start_head

pytestmark = pytest.mark.slow

HEAD = {"weight": np.array([[1, 2], [3, 4]], np.float32), "bias": np.array([5, -1e9], np.float32)}


def started(start: Start, names: tuple[str, ...]) -> dict[str, list[float]]:
    head = nn.Linear(2, len(names))
    for one in head.parameters():
        nn.init.zeros_(one)
    start_head(head, start, names)
    return {name: values.tolist() for name, values in head.state_dict().items()}


def test_start__moves_rows_to_where_their_names_are() -> None:
    found = started(Start(HEAD, ("bolt", "nut"), ("bolt", "nut")), ("nut", "washer", "bolt"))

    assert found == {"weight": [[3, 4], [0, 0], [1, 2]], "bias": [-1e9, 0, 5]}


def test_start__gives_a_name_that_the_champion_never_saw_a_fresh_row() -> None:
    found = started(Start(HEAD, ("bolt", "nut"), ("bolt",)), ("bolt", "nut"))

    assert found == {"weight": [[1, 2], [0, 0]], "bias": [5, 0]}


def test_start__leaves_what_has_another_shape() -> None:
    long = HEAD | {"weight": np.ones((2, 3), np.float32)}

    assert started(Start(long, ("bolt", "nut"), ("bolt", "nut")), ("bolt", "nut")) == {
        "weight": [[0, 0], [0, 0]],
        "bias": [5, -1e9],
    }


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_training__of_a_head_over_maps_begins_where_its_champion_ended(tmp_path: Path, kind: str) -> None:
    modelling = BoxModelling(("bolt", "nut")) if kind == "box" else MASKS
    objects_of = box_objects if kind == "box" else lambda count: mask_objects(MASKS, count)
    train, val = (maps_of(modelling, objects_of(count)) for count in (14, 10))
    champion = train_maps(train, val, SHAPES, modelling, HOW, seed=3, journal=Journal(), folder=tmp_path)
    arrays = modelling.head_arrays(champion.network, SHAPES)
    start, names = Start(arrays, ("bolt", "nut"), ("bolt", "nut"), old=tuple(range(10))), ("bolt", "nut")

    found = train_maps(train, val, SHAPES, modelling, HOW, seed=4, journal=Journal(), folder=tmp_path, start=start, names=names)

    assert found.of_old.images == 10
    assert found.of_old.before["val_loss"] == pytest.approx(champion.best["val_loss"], abs=1e-5)
    assert found.of_old.after["val_loss"] == pytest.approx(found.best["val_loss"], abs=1e-5)
    assert not torch.equal(champion.network.classes.weight, found.network.classes.weight), "it was trained on"
