"""Report sections of a detector: average precision, errors by their sort, drawn over the images."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.boxes.decode import USUAL_CONFIDENCE
from pipeline_tasks.kinds.boxes.drawn_boxes import compared_images
from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.error_sections import error_blocks, example_blocks
from pipeline_tasks.kinds.object_reporting import precision_blocks
from pipeline_tasks.kinds.reporting import Evaluated, Section
from pipeline_tasks.tables.table import Table

LEGEND = (
    f"Labels are drawn with a full line, predictions of at least {USUAL_CONFIDENCE:.0%} confidence with a dashed one; "
    "the error is thick. Average precision counts the others, too."
)


@dataclass(frozen=True)
class BoxReporting:
    """Average precision by class and size, and the worst errors of each sort."""

    class_names: tuple[str, ...]
    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Figures, then errors, then images as they come."""
        images = _test_images(evaluated)
        return [
            Section("precision", "Average precision", tuple(precision_blocks(evaluated, "boxes overlap"))),
            Section("errors", "Worst errors", tuple(error_blocks(images, self.class_names, LEGEND))),
            Section("examples", "Examples of test images", tuple(example_blocks(images))),
        ]


def _test_images(evaluated: Evaluated) -> list[Compared]:
    if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
        return []
    sure = evaluated.predictions.filter(pl.col("model_digest") == evaluated.model_digest, pl.col("confidence") >= USUAL_CONFIDENCE)
    return compared_images(evaluated.images.filter(pl.col("split") == "test"), sure)
