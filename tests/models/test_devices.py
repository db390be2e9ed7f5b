"""Tests of the device that a fit takes; no machine of the tests has a GPU."""

from __future__ import annotations

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.models.devices import Device, Machine, device_here, device_of
from pipeline_tasks.settings.fit import FitSettings

NONE, OLD, NEW = Machine(0), Machine(1), Machine(2, has_bfloat16=True)


@pytest.mark.parametrize(
    ("settings", "machine", "wanted"),
    [
        ({}, NEW, Device("cpu", "32-true")),
        ({"precision": "bfloat16"}, NEW, Device("cpu", "bf16-mixed")),
        ({"accelerator": "auto"}, NONE, Device("cpu", "32-true")),
        ({"accelerator": "auto"}, OLD, Device("gpu", "32-true")),
        ({"accelerator": "auto", "processes": 2}, NEW, Device("cpu", "32-true")),
        ({"accelerator": "gpu", "precision": "bfloat16"}, NEW, Device("gpu", "bf16-mixed")),
    ],
)
def test_device__is_what_the_settings_want_and_the_machine_has(
    settings: dict[str, object], machine: Machine, wanted: Device
) -> None:
    found = device_of(FitSettings.model_validate(settings), machine)

    assert found == wanted
    assert found.is_repeatable == (found.accelerator == "cpu")


def test_device__is_refused_with_the_fix_where_the_machine_has_none() -> None:
    with pytest.raises(SettingsError, match=r"training.fit.accelerator: found gpu, but torch sees none .* or set auto"):
        device_of(FitSettings(accelerator="gpu"), NONE)
    with pytest.raises(SettingsError, match=r"training.fit.precision: found bfloat16, which .* Use float32"):
        device_of(FitSettings(accelerator="auto", precision="bfloat16"), OLD)
    with pytest.raises(ValueError, match="processes: found 2 with accelerator: gpu"):
        FitSettings(accelerator="gpu", processes=2)


def test_device__of_this_machine_is_found_without_a_word_of_settings() -> None:
    assert device_here(FitSettings()) == Device("cpu", "32-true")
