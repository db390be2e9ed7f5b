"""Decoding of the outputs of a model of objects to one mask each: prototypes, mixed by the object's coefficients, in its box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.geometry.run_lengths import encode_part
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.boxes.decode import in_pixels
from pipeline_tasks.kinds.decoding import Outputs, Size
from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES
from pipeline_tasks.kinds.map_heads.recorded_objects import as_recorded, recorded_difference
from pipeline_tasks.kinds.masks.decode import MAX_SIDE_PX, MaskDecoding, MaskPrediction
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.suggesting import Suggested
from pipeline_tasks.kinds.sure_objects import USUAL_CONFIDENCE, ObjectDecoding

COEFFICIENTS, PROTOTYPES = "coefficients", "prototypes"
"""float32 N x B x K, of each object, beside boxes, scores and class numbers; float32 N x K x h x w, in cells of the model's square.

A cell in the box belongs to the object if the sum of its prototypes times the object's coefficients is above 0.
"""
LEAST_SCORE, MOST = 0.05, 50
"""Objects that get a mask: those of this score, the surest of them."""
_RECORDED = ("some_prototypes", 8)
"""Name and cells along a side of the prototypes of a smoke image that are recorded."""
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class InstanceDecoding(ObjectDecoding, MaskDecoding):
    """Decoding of the outputs of a model of objects of these classes."""

    output_names: tuple[str, ...] = (BOXES, SCORES, CLASS_NUMBERS, COEFFICIENTS, PROTOTYPES)  # type: ignore[assignment]

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[Mask, ...]:
        """A mask of each object in an image of this size, the surest first."""
        sure = np.flatnonzero(outputs[SCORES] >= LEAST_SCORE)[:MOST]
        logits = np.tensordot(outputs[COEFFICIENTS][sure], outputs[PROTOTYPES], axes=1)
        corners = in_pixels(outputs[BOXES][sure], size_px)
        names = [self.class_names[number] for number in outputs[CLASS_NUMBERS][sure].tolist()]
        rows = zip(names, logits, corners, outputs[SCORES][sure].tolist(), strict=True)
        found = [Mask(name, mask_in_box(cells, box, size_px), size_px, confidence=score) for name, cells, box, score in rows]
        return tuple(one for one in found if one.area_px)

    def predict(self, objects: Sequence[Mask], size_px: Size, min_confidence: float) -> MaskPrediction:
        """The masks of at least this confidence; of 0, which no project has chosen, of at least USUAL_CONFIDENCE."""
        return super().predict(objects, size_px, min_confidence or USUAL_CONFIDENCE)

    def suggest(self, objects: Sequence[Mask], size_px: Size, min_confidence: float) -> Suggested[Mask]:
        """The masks that a prediction tells."""
        return super().suggest(objects, size_px, min_confidence or USUAL_CONFIDENCE)

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """The surest objects of one image, and some cells of its prototypes."""
        name, _ = _RECORDED
        return as_recorded(outputs, self.output_names[:-1]) | {name: np.round(_some(outputs[PROTOTYPES]), 6).tolist()}

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Greatest distance of a recorded object from the most alike of its class, or of a cell of a prototype."""
        wanted, found = np.asarray(recorded[_RECORDED[0]], np.float64), _some(outputs[PROTOTYPES])
        if wanted.shape != found.shape:
            raise ValueError(f"wanted prototypes of {wanted.shape} cells, found {found.shape}")
        objects = recorded_difference(outputs, recorded, self.output_names[:-1])
        return float(np.maximum(objects, np.abs(wanted - found).max()))


def mask_in_box(logits: Floats, corners: npt.NDArray[np.float64], size_px: Size) -> str:
    """Run lengths of the pixels of the box where the logits of cells (h x w), linear between their centres, are above 0.

    Pixels of images larger than `MAX_SIDE_PX` are repeated, as cells are much larger than they.
    """
    longer = max(size_px)
    step = max(1, -(-longer // MAX_SIDE_PX))
    left, top, right, bottom = (round(float(one)) for one in corners)
    (low_x, share_x), (low_y, share_y) = (
        _between(np.arange(low, high, step), step, logits.shape[axis] / longer, size_px[1 - axis])
        for axis, low, high in ((1, left, right), (0, top, bottom))
    )
    across = logits[:, low_x] * (1 - share_x) + logits[:, np.minimum(low_x + 1, logits.shape[1] - 1)] * share_x
    down = across[low_y] * (1 - share_y)[:, None] + across[np.minimum(low_y + 1, logits.shape[0] - 1)] * share_y[:, None]
    found = (down > 0).repeat(step, axis=0).repeat(step, axis=1)[: bottom - top, : right - left]
    return encode_part(found, left, top, size_px)


def _between(pixels: npt.NDArray[np.int64], step: int, per_px: float, side_px: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """For the middle of each step of pixels, the cell before it and the share of the next one; none from beyond the image."""
    last = max(int(np.ceil(side_px * per_px)) - 1, 0)
    centre = np.clip((pixels + step / 2) * per_px - 0.5, 0, last)
    low = np.minimum(centre.astype(np.int64), max(last - 1, 0))
    return low, (centre - low).astype(np.float32)


def _some(prototypes: Floats) -> npt.NDArray[np.float64]:
    rows, columns = (np.linspace(0, count - 1, _RECORDED[1]).round().astype(np.int64) for count in prototypes.shape[1:])
    return prototypes[:, rows][:, :, columns].astype(np.float64)
