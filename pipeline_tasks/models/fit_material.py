"""Material of a fit as files of a scratch folder, for the processes that share it; large arrays are read as they are needed."""

from __future__ import annotations

import mmap
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from pipeline_tasks.augmentations.policy import Step, policy_of
from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.models.examples import Examples
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.settings import AugmentationSettings

FILE = "fit.pickle"
LARGE_BYTES = 1_000_000


@dataclass(frozen=True)
class FitMaterial:
    """All that a process needs."""

    network: nn.Module
    train: Examples
    val: Examples
    objective: Objective
    plan: Plan
    checkpoint: str | None
    """File to resume from."""


def write_material(material: FitMaterial, folder: Path) -> None:
    """Write it into the folder.

    Raises:
        ModelError: network, objective or examples cannot be pickled.
    """
    with (folder / FILE).open("wb") as file:
        try:
            _Pickler(file, folder).dump(material)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ModelError(
                f"training.fit.processes: found {material.plan.fit.processes}, but a part of the training cannot be sent to other "
                f"processes: {error}. Use 1"
            ) from error


def read_material(folder: Path) -> FitMaterial:
    """Read what the starting process wrote."""
    material: FitMaterial = pickle.loads((folder / FILE).read_bytes())
    return material


class _Pickler(pickle.Pickler):
    """Keeps large arrays in files, which all processes then have in memory once."""

    def __init__(self, file: Any, folder: Path) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._folder, self._count = folder, 0

    def reducer_override(self, value: Any) -> Any:
        """A call that opens the file of a large array, or makes an augmentation again, whose functions have no names."""
        if isinstance(value, Step):
            _, *numbers = vars(value).values()
            return _step_of, (value.name, *numbers)
        if not isinstance(value, np.ndarray) or value.dtype.hasobject or value.nbytes < LARGE_BYTES:
            return NotImplemented
        if isinstance(value, np.memmap) and isinstance(value.base, mmap.mmap) and str(value.filename).endswith(".npy"):
            value.flush()
            return np.load, (str(value.filename), "r")
        self._count += 1
        file = self._folder / f"{self._count}.npy"
        np.save(file, value)
        return np.load, (str(file), "r")


def _step_of(name: str, *numbers: float) -> Step:
    (usual,) = policy_of({name: AugmentationSettings()}, ()).steps
    return Step(usual.augmentation, *numbers)
