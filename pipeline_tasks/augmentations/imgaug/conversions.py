"""Table of imgaug's augmenters: the entries of `training.augmentation` that change images as they do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline_tasks.augmentations.entries.place import SHRINKING
from pipeline_tasks.augmentations.imgaug.call import Call, Range, range_of

NOISE_OF_WHITE, SALT_SHARE = 0.2, 0.2
"""Of `gaussian_noise` and `salt_and_pepper` at strength 1."""
KERNEL_PX = 20
"""Growth of a blur's kernel from strength 0 to 1."""


@dataclass
class Found:
    """Entries for one call."""

    entries: dict[str, tuple[float | None, float]] = field(default_factory=dict)
    """Name → strength, and chance within the call."""
    differs: list[str] = field(default_factory=list)
    """Differences of an entry from what imgaug does."""
    lost: list[str] = field(default_factory=list)
    """Parts that no entry has."""


Conversion = Callable[[Call], Found]


def conversion_of(name: str) -> Conversion | None:
    """The conversion of an augmenter; None if it has none."""
    return _CONVERSIONS.get(name)


def nearest_to(name: str) -> str:
    """Advice for an augmenter that no entry is like."""
    near = _NEAREST.get(name)
    return f"nearest: {near}" if near else "nearest: a function of your own, `module:function`"


def _flip(entry: str) -> Conversion:
    def convert(call: Call) -> Found:
        """Entries for one call."""
        return Found({entry: (None, _bounds(call, "p", 0, 1.0)[1])})

    return convert


def _ranged(entry: str, name: str, usual: object, strength: Callable[[Range], float], differs: str = "") -> Conversion:
    """One entry, whose strength comes from one argument, the first."""

    def convert(call: Call) -> Found:
        """Entries for one call."""
        found = Found({entry: (strength(_bounds(call, name, 0, usual)), 1.0)}, [differs] if differs else [])
        if call.of("per_channel", None, 0):
            found.differs.append("`per_channel`: here all channels change together")
        return found

    return convert


def _always(entry: str, differs: str = "") -> Conversion:
    def convert(call: Call) -> Found:
        """Entries for one call."""
        return Found({entry: (None, 1.0)}, [differs] if differs else [])

    return convert


def _bounds(call: Call, name: str, position: int | None, usual: object) -> Range:
    """Bounds of an argument.

    Raises:
        ValueError: it is neither a number nor a range of numbers.
    """
    value = call.of(name, position, usual)
    found = range_of(value)
    if found is None:
        raise ValueError(f"`{name}` is no number and no range of numbers: {value!r}")
    return found


def _around_1(bounds: Range) -> float:
    return max(1 - bounds[0], bounds[1] - 1, 0.0)


def _of_255(bounds: Range) -> float:
    return max(abs(bounds[0]), abs(bounds[1])) / 255


def _kernel(bounds: Range) -> float:
    return (bounds[1] - 1) / KERNEL_PX


def _kernel_of_sigma(bounds: Range) -> float:
    """imgaug's kernels have 3.3 sigma and at least 5 pixels."""
    return (max(5.0, 3.3 * bounds[1]) - 1) / KERNEL_PX if bounds[1] > 0 else 0.0


def _gamma(bounds: Range) -> float:
    low, high = max(bounds[0], 1e-6), max(bounds[1], 1e-6)
    return math.log(max(high, 1 / low, 1.0), 3)


def _crop(call: Call) -> Found:
    """A crop on each side by a share; pixels say nothing without the size of the image."""
    if call.of("percent", 1, None) is None:
        return Found(lost=["`px`: pixels are no share of an image of any size; nearest: random_crop, of which strength is an area"])
    low, high = _bounds(call, "percent", 1, 0.0)
    cut = high if call.name == "Crop" else -low
    found = Found(differs=["one part of the image's shape up to a quarter is shown, not a cut of each side for itself"])
    if cut > 0:
        found.entries["random_crop"] = (1 - max(0.0, 1 - 2 * cut) ** 2, 1.0)
    if call.name != "Crop" and high > 0:
        found.lost.append(f"padding by up to {high:g}; nearest: zoom, which also shows the image smaller")
    return found


def _affine(call: Call) -> Found:
    found = Found()
    low, high = _bounds(call, "scale", 0, 1.0)
    if (low, high) != (1.0, 1.0):
        found.entries["zoom"] = (max((1 - low) / SHRINKING, high - 1, 0.0), 1.0)
        if isinstance(call.of("scale", 0, None), dict):
            found.differs.append("`scale`: both sides change together")
    low, high = _bounds(call, "rotate", 3, 0.0)
    if (low, high) != (0.0, 0.0):
        found.entries["rotation"] = (max(abs(low), abs(high)) / 90, 1.0)
        if -low != high:
            found.differs.append(f"`rotate`: turns from {low:g} to {high:g} degrees become turns to either side")
    for name, position, near in (
        ("translate_percent", 1, "random_crop, which shows another part of the image"),
        ("translate_px", 2, "random_crop, which shows another part of the image"),
        ("shear", 4, "random_crop, which stretches by up to a quarter, or rotation"),
    ):
        if range_of(call.of(name, position, 0)) != (0.0, 0.0):
            found.lost.append(f"`{name}`; nearest: {near}")
    return found


def _quarter(call: Call) -> Found:
    return Found({"quarter_turn": (None, 1.0)}, ["a quarter of the views that are taken are not turned"])


def _cutout(call: Call) -> Found:
    found = Found({"cutout": (_bounds(call, "size", 2, 0.2)[1], 1.0)})
    if _bounds(call, "nb_iterations", 0, 1) != (1.0, 1.0):
        found.differs.append("`nb_iterations`: there is one hole")
    return found


def _holes(call: Call) -> Found:
    """One hole with as much area in the mean: its sides go from half of the strength to the strength."""
    share = _bounds(call, "p", 0, 0.05)[1]
    return Found({"cutout": (share**0.5 / 0.75, 1.0)}, ["one hole with about as much area stands for many small ones"])


def _hue_and_saturation(call: Call) -> Found:
    strength = _of_255(_bounds(call, "value", 0, (-255, 255)))
    return Found({"hue": (strength, 1.0), "saturation": (strength, 1.0)})


SCALES = "brightness is moved by a share of white, not scaled"
_CONVERSIONS: Mapping[str, Conversion] = {
    "Fliplr": _flip("horizontal_flip"),
    "HorizontalFlip": _flip("horizontal_flip"),
    "Flipud": _flip("vertical_flip"),
    "VerticalFlip": _flip("vertical_flip"),
    "Rot90": _quarter,
    "Crop": _crop,
    "CropAndPad": _crop,
    "Affine": _affine,
    "Rotate": _ranged("rotation", "rotate", (-30, 30), lambda one: max(abs(one[0]), abs(one[1])) / 90),
    "Multiply": _ranged("brightness", "mul", (0.8, 1.2), _around_1, SCALES),
    "MultiplyBrightness": _ranged("brightness", "mul", (0.7, 1.3), _around_1, SCALES),
    "Add": _ranged("brightness", "value", (-20, 20), _of_255),
    "AddToBrightness": _ranged("brightness", "add", (-30, 30), _of_255),
    "LinearContrast": _ranged("contrast", "alpha", (0.6, 1.4), _around_1),
    "ContrastNormalization": _ranged("contrast", "alpha", (0.5, 1.5), _around_1),
    "GammaContrast": _ranged("exposure", "gamma", (0.7, 1.7), _gamma),
    "AdditiveGaussianNoise": lambda call: Found(
        {"gaussian_noise": (_bounds(call, "scale", 1, (0, 15))[1] / 255 / NOISE_OF_WHITE, 1.0)}
    ),
    "SaltAndPepper": _ranged("salt_and_pepper", "p", (0, 0.03), lambda one: one[1] / SALT_SHARE),
    "Salt": _ranged("salt_and_pepper", "p", (0, 0.03), lambda one: one[1] / SALT_SHARE, "there are black pixels, too"),
    "Pepper": _ranged("salt_and_pepper", "p", (0, 0.05), lambda one: one[1] / SALT_SHARE, "there are white pixels, too"),
    "Cutout": _cutout,
    "CoarseDropout": _holes,
    "GaussianBlur": _ranged("blur", "sigma", (0, 3), _kernel_of_sigma),
    "AverageBlur": _ranged("blur", "k", (1, 7), _kernel, "the blur is Gaussian"),
    "MedianBlur": _ranged("blur", "k", (1, 7), _kernel, "the blur is Gaussian, which softens edges, too"),
    "MotionBlur": _ranged("motion_blur", "k", (3, 7), _kernel),
    "CLAHE": _ranged("clahe", "clip_limit", (0.1, 8), lambda one: (one[1] - 1) / 7),
    "AllChannelsCLAHE": _ranged("clahe", "clip_limit", (0.1, 8), lambda one: (one[1] - 1) / 7, "lightness alone is evened out"),
    "HistogramEqualization": _always("equalize"),
    "AllChannelsHistogramEqualization": _always("equalize"),
    "Grayscale": _ranged("saturation", "alpha", 1.0, lambda one: one[1], "colours also become stronger"),
    "MultiplySaturation": _ranged("saturation", "mul", (0, 3), _around_1),
    "AddToSaturation": _ranged("saturation", "value", (-75, 75), _of_255),
    "AddToHue": _ranged("hue", "value", (-255, 255), _of_255),
    "AddToHueAndSaturation": _hue_and_saturation,
    "JpegCompression": _ranged("jpeg", "compression", (0, 100), lambda one: one[1] / 90),
}
_NEAREST: Mapping[str, str] = {
    "ElasticTransformation": "rotation",
    "PiecewiseAffine": "rotation",
    "PerspectiveTransform": "random_crop, which stretches by up to a quarter",
    "SigmoidContrast": "contrast",
    "LogContrast": "exposure",
    "Sharpen": "contrast",
    "Dropout": "salt_and_pepper",
    "Dropout2d": "cutout",
    "CoarseSaltAndPepper": "salt_and_pepper, or cutout",
    "AdditiveLaplaceNoise": "gaussian_noise",
    "AdditivePoissonNoise": "gaussian_noise",
    "BilateralBlur": "blur",
    "ChangeColorTemperature": "hue, or grey_world",
}
