"""Report sections of a segmenter: IoU by class, errors by their sort, regions over the images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.error_sections import error_blocks, example_blocks
from pipeline_tasks.kinds.masks.drawn_masks import compared_images
from pipeline_tasks.kinds.masks.metrics import IOU, MIOU
from pipeline_tasks.kinds.reporting import Bar, Bars, Block, Evaluated, Heading, Paragraph, Section
from pipeline_tasks.tables.table import Table

LEGEND = (
    "Labels are drawn with a full line, predictions with a dashed one; the error is thick. A region is all of a class in an image."
)
_OVERALL = {
    MIOU: "mean IoU",
    "miou_without_background": "mean IoU of classes",
    "background_iou": "IoU of background",
    "boundary_f1": "F1 of boundaries",
}


@dataclass(frozen=True)
class MaskReporting:
    """Overlap by class, and the worst errors of each sort."""

    class_names: tuple[str, ...]
    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Figures, then errors, then images as they come."""
        images = _test_images(evaluated)
        return [
            Section("overlap", "Overlap of regions", tuple(_figures(evaluated))),
            Section("errors", "Worst errors", tuple(error_blocks(images, self.class_names, LEGEND))),
            Section("examples", "Examples of test images", tuple(example_blocks(images))),
        ]


def _test_images(evaluated: Evaluated) -> list[Compared]:
    if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
        return []
    mine = evaluated.predictions.filter(pl.col("model_digest") == evaluated.model_digest)
    return compared_images(evaluated.images.filter(pl.col("split") == "test"), mine)


def _figures(evaluated: Evaluated) -> Iterator[Block]:
    """Intersection over union and boundaries, of the whole and of each class."""
    if evaluated.metrics is None or evaluated.model_digest is None:
        return
    mine = evaluated.metrics.filter(pl.col("model_digest") == evaluated.model_digest, pl.col("split") == "test")
    mine = mine.unique(["metric", "class_name"], keep="last", maintain_order=True)
    overall = {one["metric"]: one for one in mine.filter(pl.col("class_name") == "").iter_rows(named=True)}
    shown = tuple(_bar(words, overall[metric]) for metric, words in _OVERALL.items() if metric in overall)
    if not shown:
        return
    yield Paragraph("IoU: pixels in label and prediction over pixels in either, added up over the test images.", is_quiet=True)
    yield Bars(shown)
    for metric, words in ((IOU, "IoU by class"), ("boundary_f1", "F1 of boundaries, by class")):
        rows = mine.filter(pl.col("metric") == metric, pl.col("class_name") != "").sort("class_name")
        if rows.height:
            yield Heading(words)
            yield Bars(tuple(_bar(one["class_name"], one, f"of {one['images']} images") for one in rows.iter_rows(named=True)))


def _bar(name: str, one: dict[str, float | None], note: str = "") -> Bar:
    return Bar(name, one["value"] or 0.0, one["low"], one["high"], note)
