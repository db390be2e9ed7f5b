"""Wishes: optional inputs of a selection beyond embeddings, labels and beliefs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError

TAGS = ("similar_to", "away_from", "errors", "drifted")
"""Sets of tagged images, each used by the objective of the same name."""
AGGREGATES = ("max", "mean", "sum")
CLASS = "class"
"""Key of `requirements` for classes; all others are metadata keys."""


@dataclass(frozen=True)
class Wishes:
    """Inputs of single objectives and limits, each named in its description; none is set by default."""

    tagged: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """`similar_to`, `away_from`, `errors`, `drifted`: row number → weight above 0. The rows may be labelled or not."""
    class_targets: Mapping[str, float] = field(default_factory=dict)
    """`class_target`: class → wanted share, of any sum; other classes are wanted as little as possible."""
    metadata_targets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """`metadata_balance`: key → value → wanted share, of any sum; an empty mapping means equal shares."""
    metadata_weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """`metadata_weight`: key → value → weight, 0 or more; other values have weight 1."""
    requirements: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """`requirements`: `class` or a metadata key → value → minimum number of labels."""
    belief_draws: npt.NDArray[np.float32] | None = None
    """`bald`: T x N x C, predictions of T variants of the model."""
    instance_beliefs: Sequence[npt.NDArray[np.float32]] | None = None
    """`margin`, `entropy`, `least_confidence` of boxes or masks: for each row M x C, the beliefs of the M objects found."""
    instance_aggregate: str = "max"
    """Aggregate over a row's objects: `max`, `mean`, or `sum` as a share of the highest sum."""
    max_per_clip: int | None = None
    """Maximum picks of one `clip` (a metadata key) in one selection, for all objectives."""
    clip_picks: Mapping[str, int] = field(default_factory=dict)
    """Clip → picks of the same selection that were made before, which count towards `max_per_clip`."""
    min_clip_gap_s: float = 0.0
    """Minimum seconds between picks and labels of one clip, by the metadata's `seen_s`, for all objectives."""
    whole_clips: bool = False
    """Pick all rows of a `clip` or none, for all objectives; a clip is worth the mean of its rows."""


def check_wishes(wishes: Wishes, rows: int, has_metadata: bool) -> None:
    """Check wishes for a pool of `rows` rows.

    Raises:
        SettingsError: an unknown tag, a tagged row outside the pool, an invalid weight, share or count, draws of a
            wrong shape, objects that do not match, or missing metadata.
    """
    _check_tags(wishes, rows)
    _check_instances(wishes, rows)
    for name in ("class_targets", "metadata_targets", "metadata_weights", "requirements"):
        _check_numbers(name, getattr(wishes, name))
    is_limited = wishes.max_per_clip is not None or wishes.min_clip_gap_s > 0
    if wishes.whole_clips and is_limited:
        raise SettingsError("whole_clips: wanted no max_per_clip and no min_clip_gap_s beside it: they take part of a clip")
    if (is_limited or wishes.whole_clips) and not has_metadata:
        raise SettingsError("metadata: wanted them, with `clip`, for a limit a clip; found none")
    if wishes.max_per_clip is not None and wishes.max_per_clip < 1:
        raise SettingsError(f"max_per_clip: wanted 1 or more, found {wishes.max_per_clip}")
    if not 0 <= wishes.min_clip_gap_s < float("inf"):
        raise SettingsError(f"min_clip_gap_s: wanted 0 or more, found {wishes.min_clip_gap_s}")
    draws = wishes.belief_draws
    if draws is not None and (draws.ndim != 3 or draws.shape[1] != rows or draws.shape[2] < 2 or not np.isfinite(draws).all()):
        raise SettingsError(f"belief_draws: wanted finite numbers of shape T x {rows} x C, found shape {draws.shape}")


def _check_tags(wishes: Wishes, rows: int) -> None:
    for tag, weights in wishes.tagged.items():
        if tag not in TAGS:
            raise SettingsError(f"tagged: wanted some of {', '.join(TAGS)}; found {tag}")
        outside = [row for row in weights if not 0 <= row < rows]
        if outside:
            raise SettingsError(f"tagged: {tag}: wanted row numbers from 0 to {rows - 1}, found {outside[0]}")
        if not all(np.isfinite(weight) and weight > 0 for weight in weights.values()):
            raise SettingsError(f"tagged: {tag}: wanted weights above 0, found {min(weights.values())}")


def _check_instances(wishes: Wishes, rows: int) -> None:
    if wishes.instance_aggregate not in AGGREGATES:
        raise SettingsError(f"instance_aggregate: wanted one of {', '.join(AGGREGATES)}; found {wishes.instance_aggregate}")
    instances = wishes.instance_beliefs
    if instances is None:
        return
    if len(instances) != rows:
        raise SettingsError(f"instance_beliefs: wanted {rows} entries, one a row, found {len(instances)}")
    classes = {one.shape[1] if one.ndim == 2 else 0 for one in instances if len(one)} or {2}
    if len(classes) > 1 or min(classes) < 2:
        raise SettingsError(f"instance_beliefs: wanted M x C with one C of at least 2, found C of {sorted(classes)}")
    if not all(np.isfinite(one).all() for one in instances):
        raise SettingsError("instance_beliefs: wanted finite numbers, found NaN or infinity")


def _check_numbers(name: str, numbers: Mapping[str, float] | Mapping[str, Mapping[str, float]]) -> None:
    for key, value in numbers.items():
        if isinstance(value, Mapping):
            _check_numbers(f"{name}.{key}", value)
        elif not (np.isfinite(value) and value >= 0):
            raise SettingsError(f"{name}: {key}: wanted 0 or more, found {value}")
