"""Decoding of a segmenter's outputs to the masks of the classes and to predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.geometry.run_lengths import area, box_of, decode, encode
from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.kinds.decoding import WHOLE, Outline, Outputs, Size
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.suggesting import Suggested, suggested

SHARES = "class_shares"
"""Output of a segmenter's file: float32 N x (1 + C) x h x w, shares of nothing and of each class in cells of the model's square.

The image lies in its upper left, its longer side as long as the square's.
"""
MAX_SIDE_PX = 1024
"""Longer side at which pixels get their class; those of larger images are repeated, as the cells are much larger than pixels."""
_DIGITS = 6
_RECORDED = 8
"""Cells along a side of a smoke image that are recorded."""
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PredictedMask:
    """The pixels of one class, or of one object, in a prediction."""

    class_name: str
    confidence: float
    """Mean share of the class over its pixels; of a single object its score."""
    area_px: int
    x_min_px: int
    y_min_px: int
    width_px: int
    height_px: int
    """The smallest box around the pixels."""
    rle: str
    """COCO's compressed run lengths over the whole image."""


@dataclass(frozen=True)
class MaskPrediction:
    """The masks that are sure enough, in the order of the classes; single objects the surest first."""

    objects: tuple[PredictedMask, ...]
    image_width_px: int
    image_height_px: int
    left_out: int
    """Number of masks below the threshold."""


@dataclass(frozen=True)
class MaskDecoding:
    """Decoding of the outputs of a model with these classes."""

    class_names: tuple[str, ...]
    output_names = (SHARES,)
    framing = WHOLE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[Mask, ...]:
        """The pixels of each class in an image of this size, of any confidence."""
        numbers, sure = pixel_classes(outputs[SHARES], size_px)
        rows, columns = (_nearest(of, to) for of, to in zip(numbers.shape, size_px[::-1], strict=True))
        found = []
        for number, name in enumerate(self.class_names, start=1):
            mask = numbers == number
            if mask.any():
                rle = encode(mask[np.ix_(rows, columns)])
                found.append(Mask(name, rle, size_px, confidence=float(sure[mask].mean(dtype=np.float64))))
        return tuple(one for one in found if one.area_px)

    def predict(self, objects: Sequence[Mask], size_px: Size, min_confidence: float) -> MaskPrediction:
        """The masks of at least this confidence."""
        sure = tuple(_predicted(one) for one in _sure(objects, min_confidence))
        return MaskPrediction(sure, *size_px, len(objects) - len(sure))

    def suggest(self, objects: Sequence[Mask], size_px: Size, min_confidence: float) -> Suggested[Mask]:
        """The masks of at least this confidence."""
        sure = _sure(objects, min_confidence)
        return suggested(sure, [one.confidence or 0.0 for one in sure])

    def read_prediction(self, fields: JsonObject) -> MaskPrediction:
        """A prediction from a line of the server's log, or the one mask of a row of `predicted_objects`."""
        if "objects" in fields:
            found = tuple(PredictedMask(**one) for one in fields["objects"])
            width, height, left_out = (int(fields.get(one, 0)) for one in ("image_width_px", "image_height_px", "left_out"))
            return MaskPrediction(found, width, height, left_out)
        if not fields.get("class_name"):
            return MaskPrediction((), 0, 0, 0)
        size_px = int(fields["width_px"] or 0), int(fields["height_px"] or 0)
        confidence = float(fields.get("confidence") or 0)
        mask = Mask(str(fields["class_name"]), str(fields["mask_rle"]), size_px, confidence=confidence)
        return MaskPrediction((_predicted(mask),), *size_px, 0)

    def headline(self, prediction: MaskPrediction) -> str:
        """The class with most pixels."""
        return max(prediction.objects, key=lambda one: one.area_px).class_name if prediction.objects else "nothing"

    def says(self, prediction: MaskPrediction) -> str:
        """The share of the image that each class covers, or its pixels if the image's size is not known."""
        pixels = prediction.image_width_px * prediction.image_height_px
        said = [
            f"{one.class_name} {f'{100 * one.area_px / pixels:.3g} %' if pixels else f'{one.area_px} px'} ({one.confidence:.2f})"
            for one in prediction.objects
        ]
        return ", ".join(said) or "nothing there"

    def outlines(self, prediction: MaskPrediction, size_px: Size) -> tuple[Outline, ...]:
        """The pixels of each class."""
        return tuple(
            Outline(one.class_name, f"{one.class_name} {one.confidence:.2f}", mask=decode(one.rle, size_px))
            for one in prediction.objects
        )

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """The shares of some cells of one image."""
        return {SHARES: np.round(_some(outputs[SHARES]).astype(np.float64), _DIGITS).tolist()}

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Greatest difference of a share."""
        wanted, found = np.asarray(recorded[SHARES], np.float64), _some(outputs[SHARES])
        if wanted.shape != found.shape:
            raise ValueError(f"wanted shares of {wanted.shape} cells, found {found.shape}")
        return float(np.abs(wanted - found).max())


def _sure(objects: Sequence[Mask], min_confidence: float) -> list[Mask]:
    # Compare in the model's precision, so that 0.9 is not below 0.9.
    return [one for one in objects if np.float32(one.confidence or 0) >= np.float32(min_confidence)]


def pixel_classes(shares: Floats, size_px: Size) -> tuple[Integers, Floats]:
    """Number of the likeliest class (0: nothing) and its share, for an image of this size or smaller: height x width."""
    scale = min(1.0, MAX_SIDE_PX / max(size_px))
    width, height = (max(1, round(side * scale)) for side in size_px)
    per_px = [cells / max(size_px) for cells in (shares.shape[2], shares.shape[1])]
    xs, ys = ((np.arange(to, dtype=np.float64) + 0.5) * (of / to) for to, of in zip((width, height), size_px, strict=True))
    across = _between(shares, 2, xs * per_px[0])
    down = _between(across, 1, ys * per_px[1])
    return down.argmax(axis=0), down.max(axis=0)


def _between(shares: Floats, axis: int, places: npt.NDArray[np.float64]) -> Floats:
    """Shares at any places (in cells) along an axis, linear between the centres of cells; none from beyond the image."""
    last = min(int(np.ceil(places[-1])), shares.shape[axis]) - 1
    centre = np.clip(places - 0.5, 0, last)
    low = np.minimum(centre.astype(np.int64), max(last - 1, 0))
    share = (centre - low).astype(np.float32).reshape([-1 if one == axis else 1 for one in range(3)])
    found: Floats = np.take(shares, low, axis) * (1 - share) + np.take(shares, np.minimum(low + 1, last), axis) * share
    return found


def _nearest(count: int, wanted: int) -> Integers:
    """Number of the nearest of `count` pixels for each of `wanted` pixels along the same side."""
    return ((np.arange(wanted) + 0.5) * count / wanted).astype(np.int64)


def _some(shares: Floats) -> Floats:
    """Cells of a coarse grid over all shares."""
    rows, columns = (np.linspace(0, count - 1, _RECORDED).round().astype(np.int64) for count in shares.shape[1:])
    return shares[:, rows][:, :, columns]


def _predicted(mask: Mask) -> PredictedMask:
    return PredictedMask(mask.class_name, mask.confidence or 0.0, area(mask.rle), *box_of(mask.rle, mask.size_px), mask.rle)
