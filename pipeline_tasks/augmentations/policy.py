"""The augmentation policy of a project: which changes, how strong, how often; and the views that it draws."""

from __future__ import annotations

import hashlib
import inspect
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.augmentations.augmentation import Augmentation
from pipeline_tasks.json_values import Json
from pipeline_tasks.registries import AUGMENTATIONS
from pipeline_tasks.settings import AugmentationSettings

VERSION = 1
"""Bump when the views of one policy change, so that its digest changes."""
DEFAULT_STRENGTH = 0.5
"""Of a function of one's own."""
FOR_WHOLE_IMAGES = ("random_crop", "horizontal_flip", "brightness_contrast", "blur")
"""Defaults of kinds that say of an image what it is."""
FOR_PLACES = ("zoom", "horizontal_flip", "brightness_contrast", "blur")
"""Defaults of kinds that say where something is."""
_held = threading.local()


@dataclass(frozen=True)
class Step:
    """One change with its strength (0 where it has none) and probability."""

    augmentation: Augmentation
    strength: float
    probability: float

    @property
    def name(self) -> str:
        """Name of the augmentation."""
        return self.augmentation.name

    @property
    def recipe(self) -> dict[str, Json]:
        """Everything that the output depends on beside the image and the seed."""
        if self.augmentation.function is not None or self.augmentation.mix is not None:
            return {"strength": self.strength, "p": self.probability, "version": _version(self.augmentation)}
        arguments = dict(self.augmentation.arguments(self.strength))
        return arguments if self.probability == 1 else arguments | {"p": self.probability}


@dataclass(frozen=True)
class Policy:
    """Steps in the order in which they change a view."""

    steps: tuple[Step, ...]

    @cached_property
    def digest(self) -> str:
        """Digest of everything that views depend on beside image and seed: 64 hexadecimal digits."""
        recipe: dict[str, Json] = {"version": VERSION}
        recipe |= {step.augmentation.key or step.name: step.recipe for step in self.steps}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    @cached_property
    def unmoving(self) -> Policy:
        """The steps that change an image alone and leave everything at its place."""
        return Policy(tuple(step for step in self.alone.steps if not step.augmentation.moves))

    @cached_property
    def alone(self) -> Policy:
        """The steps that change an image alone."""
        return Policy(tuple(step for step in self.steps if step.augmentation.mix is None))

    @cached_property
    def mixes(self) -> Policy:
        """The steps that mix an image with others, as `mixing` draws them."""
        return Policy(tuple(step for step in self.steps if step.augmentation.mix is not None))

    @property
    def taken(self) -> dict[str, float]:
        """Name of each step → probability."""
        return {step.name: step.probability for step in self.steps}

    def only(self, name: str) -> Policy:
        """One step alone, always taken."""
        return Policy(tuple(replace(step, probability=1.0) for step in self.steps if step.name == name))

    def view(self, image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        """Draw one view (uint8, side x side x 3) of a model-size image; the same seed draws the same view. Thread-safe.

        Steps that mix images are not taken.

        Raises:
            SettingsError: a function of one's own returns something else than an image of the same shape.
        """
        pipeline = self._pipeline(image.shape[0])
        pipeline.set_random_seed(seed)
        drawn: NDArray[np.uint8] = pipeline(image=image)["image"]
        return np.ascontiguousarray(drawn)

    def _pipeline(self, side_px: int) -> Any:
        """This thread's own pipeline, because a shared one would draw from a shared random state."""
        pipelines = _held.__dict__.setdefault("pipelines", {})
        if (self.digest, side_px) not in pipelines:
            from pipeline_tasks.augmentations.transforms import pipeline

            pipelines[self.digest, side_px] = pipeline(self.alone.steps, side_px)
        return pipelines[self.digest, side_px]


def policy_of(entries: Mapping[str, AugmentationSettings] | None, default: tuple[str, ...]) -> Policy:
    """The policy that a project's settings describe; `default` names the entries of a project that sets none.

    Raises:
        SettingsError: an entry of one's own is no function and no `Augmentation`.
    """
    wanted = {name: AugmentationSettings() for name in default} if entries is None else entries
    own = sorted(name for name in wanted if name not in AUGMENTATIONS)
    steps = [_step(name, wanted[name]) for name in (*AUGMENTATIONS.names, *own) if name in wanted]
    return Policy(tuple(step for step in steps if step.probability > 0))


def _step(name: str, entry: AugmentationSettings) -> Step:
    found = AUGMENTATIONS.load(name)
    if not isinstance(found, Augmentation):
        words = inspect.getdoc(found) or name
        found = Augmentation(name=name, words=words, strength=DEFAULT_STRENGTH, function=found)
    strength = found.strength if entry.strength is None else entry.strength
    probability = found.probability if entry.probability is None else entry.probability
    return Step(found, strength or 0.0, probability)


def _version(augmentation: Augmentation) -> Json:
    """Version of a function; of one's own, the digest of its module's text, so that a changed one draws new views."""
    if augmentation.name in AUGMENTATIONS:
        return augmentation.version
    function: Callable[..., object] | None = augmentation.function
    module = inspect.getmodule(function)
    return hashlib.sha256((inspect.getsource(module) if module else repr(function)).encode()).hexdigest()
