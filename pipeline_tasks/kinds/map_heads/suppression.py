"""Suppression in torch of boxes that mean one object, by plain operations, so that every runtime gives the same for any N."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline_tasks.kinds.map_heads.outputs import MAX_OVERLAP, MIN_SCORE

CANDIDATES = 500
"""Most likely places and classes of an image that suppression looks at."""
OUTPUTS = 200
"""Objects an image in the file's output."""
ROUNDS = 12
"""Rounds of suppression; a chain of boxes that suppress each other longer than this is cut."""


def suppressed(scores: Tensor, boxes: Tensor, candidates: int, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Suppress the less likely of boxes (N x A x 4, scores N x A x C) that overlap; the highest score comes first.

    Returns boxes, scores, class numbers and numbers of places; rows without a box have a score of 0.
    """
    places_count, classes = int(scores.shape[1]), int(scores.shape[2])
    best, rows = scores.reshape(scores.shape[0], places_count * classes).topk(candidates, dim=1)
    class_numbers, place_numbers = rows % classes, rows // classes
    boxes = at_places(boxes, place_numbers)
    # Sorted by score, so the rows above decide. What is suppressed suppresses nothing: repeated until nothing changes.
    rivals = (_matrix(boxes) > MAX_OVERLAP) & (class_numbers[:, :, None] == class_numbers[:, None, :])
    above = rivals.to(best.dtype) * torch.ones(candidates, candidates).tril(-1)
    kept = torch.ones_like(best)
    for _ in range(ROUNDS):
        kept = ((above @ kept[..., None])[..., 0] < 0.5).to(best.dtype)
    kept = kept * (best >= MIN_SCORE).to(best.dtype)
    best, order = (best * kept).topk(count, dim=1)
    return at_places(boxes, order), best, class_numbers.gather(1, order), place_numbers.gather(1, order)


def at_places(values: Tensor, numbers: Tensor) -> Tensor:
    """Rows of values (N x A x V) with these numbers (N x B): N x B x V."""
    return values.gather(1, numbers[..., None].expand(-1, -1, int(values.shape[2])))


def _matrix(boxes: Tensor) -> Tensor:
    """Intersection over union of all pairs of an image's boxes: N x K x 4 → N x K x K."""
    one, other = boxes[:, :, None], boxes[:, None]
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    sides = (high - low).clamp(min=0)
    both = sides[..., 0] * sides[..., 1]
    areas = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return both / (areas[:, :, None] + areas[:, None] - both).clamp(min=1e-12)
