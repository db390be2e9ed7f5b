"""Things of truth and prediction as the tables that the kind `keypoints` scores."""

from __future__ import annotations

from collections.abc import Sequence

import given
import polars as pl
from given import a_project

from pipeline_tasks.kinds.keypoints.keypoint_kind import KeypointKind
from pipeline_tasks.kinds.keypoints.matches import ThingMatches
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.registry import kind_of

MODEL = "a" * 64
POINTS = {"hand": ["wrist", "thumb", "little <finger>"], "foot": ["heel", "toe", "arch"]}
SIGMAS = [0.03, 0.05, 0.1]
Things = Sequence[Sequence[Skeleton]]
OBJECT = pl.Struct(
    {"object_index": pl.Int32, "label_kind": pl.String, "class_name": pl.String, "text": pl.String, "mask_rle": pl.String}
    | dict.fromkeys(("x_min_px", "y_min_px", "width_px", "height_px"), pl.Float64)
    | {"points_px": pl.List(pl.Float64)}
)


def a_kind(**labels: object) -> KeypointKind:
    """The kind with two classes of three points."""
    sigmas = {name: dict(zip(points, SIGMAS, strict=True)) for name, points in POINTS.items()}
    edges = {"hand": [["wrist", "thumb"]]}
    settings = {"skeleton": POINTS, "things": "boxes", "sigmas": sigmas, "edges": edges} | labels
    return kind_of(a_project(label_kind="keypoints", classes=list(POINTS), labels=settings))  # type: ignore[return-value]


KIND = a_kind()


def image_ids(count: int) -> list[str]:
    """Ids in the order in which images are numbered."""
    return sorted(given.image_id(number) for number in range(count))


def version_rows(truth: Things, side_px: int = 600) -> pl.DataFrame:
    """Rows of a version: one an image, with its things."""
    columns = [[vars(KIND.labeling.as_columns(one)) | {"object_index": at} for at, one in enumerate(things)] for things in truth]
    return pl.DataFrame(
        {
            "image_id": image_ids(len(truth)),
            "split_group_id": [given.image_id(f"g{number:05}") for number in range(len(truth))],
            "objects": columns,
            "width_px": [side_px] * len(truth),
            "height_px": [side_px] * len(truth),
            "split": ["test"] * len(truth),
        },
        schema_overrides={"objects": pl.List(OBJECT), "image_id": pl.String, "split_group_id": pl.String},
    )


def predicted_rows(predicted: Things) -> pl.DataFrame:
    """Rows of predictions of one model for the same images."""
    return KIND.scoring.prediction_rows(MODEL, image_ids(len(predicted)), predicted)


def matches_of(truth: Things, predicted: Things) -> ThingMatches:
    """Matches of one model, by way of the tables."""
    return KIND.scoring.match(predicted_rows(predicted), version_rows(truth), MODEL)
