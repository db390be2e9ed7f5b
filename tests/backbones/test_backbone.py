"""Tests of opening backbones by name, shipped and custom ones."""

from __future__ import annotations

from pathlib import Path

import given
import numpy as np
import pytest
from given_models import SIDE_PX, TinyBackbone

from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.errors import SettingsError

OWN = "given_models:TinyBackbone"


def test_custom_backbone__is_opened_by_a_project_that_names_it(tmp_path: Path) -> None:
    project = given.a_project(backbone={"name": OWN, "side_px": SIDE_PX})

    backbone = open_backbone(project.backbone, tmp_path)

    assert isinstance(backbone, TinyBackbone)
    assert backbone.embed(np.zeros((2, SIDE_PX, SIDE_PX, 3), np.uint8)).shape == (2, backbone.dimensions)


def test_unknown_backbone__is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        SettingsError, match=r"backbone.name: .*unknown backbone 'eficientnet_lite0' .did you mean 'efficientnet_lite0'"
    ):
        given.a_project(backbone={"name": "eficientnet_lite0"})
