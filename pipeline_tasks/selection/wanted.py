"""Wishes of a selection from the project's settings and the night's tables, as row numbers of its pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.pool import Metadata
from pipeline_tasks.selection.strategies.strategy import strategy_of
from pipeline_tasks.selection.wishes import CLASS, Wishes
from pipeline_tasks.settings import SelectionSettings

KEYS = ("device", "clip", "site", "day")
COLUMNS = ("source", "key", "image_id", *KEYS, "modified_at", "captured_at", "clip_time_s", "is_synthetic")
"""Columns of sightings that a selection needs."""


def metadata_of(sightings: pl.DataFrame, image_ids: Sequence[str], lights: Mapping[str, str] | None = None) -> list[Metadata]:
    """Device, clip, site, day and `seen_s` of each image's first sighting, and its light; keys without a value are left out.

    `clip_source` is the source of the clip: clips of two sources may have one name.
    """
    first = sightings.unique("image_id", keep="first", maintain_order=True)
    clip_source = pl.when(pl.col("clip").is_not_null()).then("source")
    told = first.select("image_id", *KEYS, seen_s=_seen_s(), clip_source=clip_source)
    rows = pl.DataFrame({"image_id": list(image_ids)}, schema={"image_id": pl.String}).join(
        told, on="image_id", how="left", maintain_order="left"
    )
    rows = rows.with_columns(light=pl.Series([(lights or {}).get(one) for one in image_ids], dtype=pl.String))
    return [{key: value for key, value in row.items() if value is not None} for row in rows.drop("image_id").iter_rows(named=True)]


def clips_of(sightings: pl.DataFrame) -> pl.DataFrame:
    """image_id and clip, with its source, of each image whose first sighting has one."""
    first = sightings.unique("image_id", keep="first", maintain_order=True).filter(pl.col("clip").is_not_null())
    return first.select("image_id", clip=pl.concat_str("source", pl.lit(":"), "clip"))


def _seen_s() -> pl.Expr:
    """Time of an image within its clip, by the first clock that all images of the clip have and that moves.

    Differences alone are used, so a clock that is wrong by years does no harm; one that stands still is not used.
    """
    captured_s, modified_s = (pl.col(name).dt.epoch("us") / 1e6 for name in ("captured_at", "modified_at"))
    clocks = (pl.col("clip_time_s"), captured_s)
    usable = [
        pl.when((clock.null_count().over("source", "clip") == 0) & (clock.n_unique().over("source", "clip") > 1)).then(clock)
        for clock in clocks
    ]
    return pl.coalesce(*usable, modified_s)


def usable(objectives: str | Mapping[str, float], has_model: bool, has_draws: bool = True) -> tuple[str | Mapping[str, float], str]:
    """Objectives that can be used tonight, and a sentence if they differ from the settings.

    Some need a champion, and some of these need variants of it (`has_draws`).
    """
    weights = {objectives: 1.0} if isinstance(objectives, str) else dict(objectives)
    asked = {name: strategy_of(name) for name in weights}
    lacking = [name for name, one in asked.items() if (one.needs_model and not has_model) or (one.needs_draws and not has_draws)]
    if not lacking:
        return objectives, ""
    left: str | dict[str, float] = {name: weight for name, weight in weights.items() if name not in lacking} or "auto"
    instead = "auto chose instead" if left == "auto" else f"{', '.join(left)} chose alone"
    what = "are no variants of the champion" if has_model else "is no champion for these embeddings"
    return left, f" There {what} that {', '.join(lacking)} could use, so {instead}."


def needs_draws(objectives: str | Mapping[str, float]) -> bool:
    """Return True if a strategy needs predictions of variants of the model."""
    return any(strategy_of(name).needs_draws for name in ([objectives] if isinstance(objectives, str) else objectives))


def wishes_of(
    settings: SelectionSettings,
    names: Sequence[str],
    vocabulary: Sequence[str],
    errors: Mapping[int, float],
    draws: npt.NDArray[np.float32] | None,
    instances: Sequence[npt.NDArray[np.float32]] | None = None,
) -> Wishes:
    """Wishes of the project for the rows of `names`; classes that the model does not know yet are left out.

    Raises:
        SettingsError: an example image is not among the names.
    """
    row_of = {name: row for row, name in enumerate(names)}
    tagged: dict[str, Mapping[int, float]] = {"errors": errors}
    for tag in ("similar_to", "away_from"):
        examples = getattr(settings, tag)
        unknown = [one for one in examples if one not in row_of]
        if unknown:
            raise SettingsError(f"selection.{tag}: wanted images that have an embedding, found {unknown[0]}")
        if examples:
            tagged[tag] = {row_of[one]: 1.0 for one in examples}
    required = {key: _known(counts, vocabulary) if key == CLASS else counts for key, counts in settings.requirements.items()}
    return Wishes(
        tagged=tagged,
        class_targets=_known(settings.class_targets, vocabulary),
        metadata_targets=settings.metadata_targets,
        metadata_weights=settings.metadata_weights,
        requirements=required,
        belief_draws=draws,
        instance_beliefs=instances,
        max_per_clip=settings.max_per_clip,
        min_clip_gap_s=settings.min_clip_gap_s,
        whole_clips=settings.clips == "whole",
    )


def champion_errors(
    names: Sequence[str],
    classes: Mapping[str, str],
    held_out: set[str],
    vocabulary: Sequence[str],
    beliefs: npt.NDArray[np.float32] | None,
) -> dict[int, float]:
    """Labelled rows that the champion gets wrong → its confidence in the wrong class.

    Those of the test split are left out, because selecting by test errors would train for the test.
    """
    if beliefs is None:
        return {}
    found = {}
    for row, name in enumerate(names):
        if classes.get(name) in vocabulary and name not in held_out:
            right = vocabulary.index(classes[name])
            if beliefs[row].argmax() != right:
                found[row] = float(1 - beliefs[row, right])
    return found


def _known(numbers: Mapping[str, float], vocabulary: Iterable[str]) -> dict[str, float]:
    known = set(vocabulary)
    return {name: number for name, number in numbers.items() if name in known}
