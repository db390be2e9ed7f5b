import numpy as np
import pytest

from pipeline_tasks.selection.uncertainty import entropy, least_confidence, uncertainty


@pytest.mark.parametrize("measure", [uncertainty, entropy, least_confidence])
def test_uncertainty__is_1_where_all_classes_are_equally_likely_and_0_where_one_is_sure(measure: object) -> None:
    assert measure(np.array([[1 / 3] * 3, [0, 1, 0]])) == pytest.approx([1, 0], abs=1e-9)  # type: ignore[operator]


def test_uncertainty__measures_order_images_differently() -> None:
    two_ways, spread = np.array([0.48, 0.48, 0.04]), np.array([0.5, 0.25, 0.25])
    both = np.stack([two_ways, spread])
    assert uncertainty(both)[0] > uncertainty(both)[1]
    assert entropy(both)[0] < entropy(both)[1]
    assert least_confidence(both) == pytest.approx([0.78, 0.75])
