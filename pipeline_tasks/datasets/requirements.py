"""Requirements of a project compared with its images, and the file that says what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import polars as pl

from pipeline_tasks.records.requirement import Requirement
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.requirements import RequirementSettings, light_of

GAP_FILE = "nightlens gaps 1"
"""Value of `format` in a gap file."""


def compared(settings: RequirementSettings, images: pl.DataFrame, names: pl.DataFrame) -> tuple[Requirement, ...]:
    """Wanted and there, in the order of the settings.

    `images` has one row an image (image_id, min_side_px, luma_mean, device, site, is_labelled), `names` the names that labels say
    (image_id, name). Images smaller than `min_side_px` do not count.
    """
    if settings.min_side_px is not None:
        images = images.filter(pl.col("min_side_px") >= settings.min_side_px)
    return tuple(_compared(settings, images, names))


def gap_file(project: Project, requirements: Sequence[Requirement]) -> bytes:
    """The gap file: what is short, as JSON for whoever collects or renders images (docs/how-to/say-which-images-are-needed.md)."""
    settings = project.requirements or RequirementSettings()
    content = {
        "format": GAP_FILE,
        "project": project.project,
        "description": project.description,
        "label_kind": project.label_kind,
        "modality": settings.modality,
        "min_side_px": settings.min_side_px,
        "gaps": [
            {"about": one.about, "value": one.value, "wanted": one.wanted, "labelled": one.labelled, "short": one.short}
            for one in requirements
            if one.short
        ],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _compared(settings: RequirementSettings, images: pl.DataFrame, names: pl.DataFrame) -> Iterator[Requirement]:
    labelled = images.filter("is_labelled")
    if settings.images is not None:
        yield Requirement("images", "", settings.images, labelled.height, images.height - labelled.height)
    shown = dict(names.join(labelled, on="image_id", how="semi").group_by("name").len().iter_rows())
    for name, wanted in settings.classes.items():
        yield Requirement("class", name, wanted, shown.get(name, 0), None)
    lights = [None if luma is None else light_of(luma) for luma in images["luma_mean"]]
    of_key = images.with_columns(light=pl.Series(lights, dtype=pl.String))
    for key, wanted_by_value in settings.by_key().items():
        for value, wanted in wanted_by_value.items() if key != "class" else ():
            found = of_key.filter(pl.col(key) == value)["is_labelled"]
            there = int(found.sum())
            yield Requirement(key, value, wanted, there, len(found) - there)
