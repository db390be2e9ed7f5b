"""Test of the sentence of a probe."""

from __future__ import annotations

import pytest
from given_pretraining_cycle import Pretraining

pytestmark = pytest.mark.slow


def test_probe_backbone__says_the_gain_with_its_interval_and_that_nothing_uses_it(undisturbed: Pretraining) -> None:
    found, chosen = undisturbed.probe(), undisturbed.choose()
    assert (found.images, found.fitted_images) == (chosen.probed_images, 18 - chosen.probed_images)
    assert found.gain_low is not None
    assert found.gain_high is not None
    assert found.gain is not None
    assert found.gain_low <= found.gain <= found.gain_high
    assert f"on {found.images} labelled images that it had not seen" in found.why
    assert f"Nothing uses it until the project file says backbone.pretrained: {found.pretrained}" in found.why
