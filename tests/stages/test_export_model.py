"""The exported file answers as the trained network does, or nothing is registered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from given import an_open_cycle
from given_models import SIDE_PX, TinyNetwork, a_picture
from test_train_model import World
from torch import Tensor, nn

from pipeline_tasks.cycle import CycleArguments
from pipeline_tasks.decoding.model_picture import model_picture, recipe_digest
from pipeline_tasks.errors import ModelError, ParityError
from pipeline_tasks.models.exported import ExportedModel, golden_picture, read_head
from pipeline_tasks.stages.export_model import ExportModelSummary, export_model
from pipeline_tasks.storage.model_files import read_model


def export(world: World, network: nn.Module | None = None) -> ExportModelSummary:
    network = network or TinyNetwork().eval()
    return export_model(world.store, world.cycle, world.decoder, world.backbone, world.registry, lambda: network)


@pytest.fixture
def trained(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.train()
    return world
