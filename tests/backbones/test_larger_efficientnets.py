"""Tests of the larger EfficientNet-Lite."""

from __future__ import annotations

import pytest

from pipeline_tasks.backbones.efficientnet_lite0 import EfficientNetLite0
from pipeline_tasks.backbones.efficientnet_lite_larger import EfficientNetLite1, EfficientNetLite2
from pipeline_tasks.backbones.efficientnet_lite_network import EfficientNetLite


@pytest.mark.parametrize(
    ("family", "parameters"), [(EfficientNetLite0, 3_371_008), (EfficientNetLite1, 4_135_680), (EfficientNetLite2, 4_811_072)]
)
def test_network__has_as_many_parameters_as_the_published_file(family: type[EfficientNetLite0], parameters: int) -> None:
    """Without the classifier's 1,281,000."""
    network = EfficientNetLite(family.scaling)

    assert sum(one.numel() for one in network.parameters()) == parameters
