"""Report sections of models of objects with masks: average precision, errors by their sort, masks over the images."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.boxes.decode import USUAL_CONFIDENCE
from pipeline_tasks.kinds.boxes.reporting import LEGEND
from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.error_sections import error_blocks, example_blocks
from pipeline_tasks.kinds.masks.drawn_masks import compared_instances
from pipeline_tasks.kinds.object_reporting import precision_blocks
from pipeline_tasks.kinds.reporting import Evaluated, Section
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class InstanceReporting:
    """Average precision by class and size, and the worst errors of each sort."""

    class_names: tuple[str, ...]
    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Figures, then errors, then images as they come."""
        images = _test_images(evaluated)
        return [
            Section("precision", "Average precision", tuple(precision_blocks(evaluated, "masks overlap"))),
            Section("errors", "Worst errors", tuple(error_blocks(images, self.class_names, LEGEND))),
            Section("examples", "Examples of test images", tuple(example_blocks(images))),
        ]


def _test_images(evaluated: Evaluated) -> list[Compared]:
    if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
        return []
    sure = evaluated.predictions.filter(pl.col("model_digest") == evaluated.model_digest, pl.col("confidence") >= USUAL_CONFIDENCE)
    return compared_instances(evaluated.images.filter(pl.col("split") == "test"), sure)
