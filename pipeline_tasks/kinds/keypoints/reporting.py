"""Report sections of keypoints: average precision by OKS, errors by their sort, points over the images."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.boxes.decode import USUAL_CONFIDENCE
from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.error_sections import error_blocks, example_blocks
from pipeline_tasks.kinds.keypoints.drawn_things import Edges, compared_images
from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
from pipeline_tasks.kinds.object_reporting import precision_blocks
from pipeline_tasks.kinds.reporting import Evaluated, Section
from pipeline_tasks.tables.table import Table

LEGEND = (
    f"Labels are drawn with a full line, predictions of at least {USUAL_CONFIDENCE:.0%} confidence with a dashed one, without "
    "points that are probably not there; the error is thick. Average precision counts the others, too."
)
RIGHT = "skeletons are alike (OKS, object keypoint similarity)"


@dataclass(frozen=True)
class KeypointReporting:
    """Average precision by class and size, and the worst errors of each sort."""

    labeling: KeypointLabeling
    edges: Edges
    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Figures, then errors, then images as they come."""
        images = self._test_images(evaluated)
        return [
            Section("precision", "Average precision", tuple(precision_blocks(evaluated, RIGHT))),
            Section("errors", "Worst errors", tuple(error_blocks(images, tuple(self.labeling.names), LEGEND))),
            Section("examples", "Examples of test images", tuple(example_blocks(images))),
        ]

    def _test_images(self, evaluated: Evaluated) -> list[Compared]:
        if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
            return []
        mine = evaluated.predictions.filter(pl.col("model_digest") == evaluated.model_digest)
        sure = mine.filter(pl.col("confidence") >= USUAL_CONFIDENCE)
        return compared_images(evaluated.images.filter(pl.col("split") == "test"), sure, self.labeling, self.edges)
