"""Device of a fit: the CPU, or a GPU that torch sees, with the precision that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings.fit import FitSettings


@dataclass(frozen=True)
class Machine:
    """GPUs that torch sees on a machine."""

    gpus: int
    has_bfloat16: bool = False


@dataclass(frozen=True)
class Device:
    """Device and precision, as Lightning names them."""

    accelerator: Literal["cpu", "gpu"]
    precision: Literal["32-true", "bf16-mixed"]

    @property
    def is_repeatable(self) -> bool:
        """True if each step gives the same bytes again; several of torch's steps on a GPU do not."""
        return self.accelerator == "cpu"


def device_of(fit: FitSettings, machine: Machine) -> Device:
    """The device that the settings want on this machine.

    Raises:
        SettingsError: the machine has no GPU, or one without the precision; the message says what to do.
    """
    precision: Literal["32-true", "bf16-mixed"] = "bf16-mixed" if fit.precision == "bfloat16" else "32-true"
    if fit.accelerator == "gpu" and not machine.gpus:
        raise SettingsError(
            "training.fit.accelerator: found gpu, but torch sees none on this machine. See that nvidia-smi shows one and that "
            "torch.cuda.is_available(), or set auto"
        )
    # Several processes share the cores of a machine, and not one GPU.
    if fit.accelerator == "cpu" or not machine.gpus or fit.processes > 1:
        return Device("cpu", precision)
    if fit.precision == "bfloat16" and not machine.has_bfloat16:
        raise SettingsError("training.fit.precision: found bfloat16, which this machine's GPU does not have. Use float32")
    return Device("gpu", precision)


def device_here(fit: FitSettings) -> Device:
    """The device that the settings want on the machine that this process runs on.

    Raises:
        SettingsError: it has none.
    """
    return device_of(fit, Machine(0) if fit.accelerator == "cpu" else _machine())


def _machine() -> Machine:
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return Machine(gpus, has_bfloat16=gpus > 0 and torch.cuda.is_bf16_supported(including_emulation=False))
