"""Report sections of kinds whose models say where something is: figures, errors by their sort, objects over the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.error_sections import error_blocks, example_blocks
from pipeline_tasks.kinds.figure_blocks import figure_blocks
from pipeline_tasks.kinds.matching.errors import FOUND, MISSED, SORTS
from pipeline_tasks.kinds.object_scoring import AP
from pipeline_tasks.kinds.reporting import Evaluated, ReadPrediction, Section
from pipeline_tasks.tables.table import Table

_OVERALL = {
    AP: "AP, mean of 50 to 95 %",
    "ap_50": "AP at 50 %",
    "ap_75": "AP at 75 %",
    "ar": "recall (AR)",
    "ar_1": "recall of the surest 1",
    "ar_10": "recall of the surest 10",
    "ap_small": "AP of small objects",
    "ap_medium": "AP of medium objects",
    "ap_large": "AP of large objects",
}
_BY_CLASS = {AP: "Average precision by class", "ap_50": "AP at 50 %, by class"}
_SIZES = "Small objects cover less than 32 × 32 pixels, large ones more than 96 × 96; these are COCO's limits."


@dataclass(frozen=True)
class ObjectReporting:
    """Figures by class, the worst errors of each sort, and examples."""

    names: tuple[str, ...]
    figures: Callable[[Evaluated], Section]
    compare: Callable[[pl.DataFrame, pl.DataFrame], list[Compared]]
    """Rows of a version with one model's predictions, in the order of the images' ids."""
    legend: str
    least_confidence: float | None = None
    """Predictions below it are not drawn, and an object that only they find is missed; all are drawn if it is None."""
    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Figures, then errors, then images as they come."""
        images = self._test_images(evaluated)
        return [
            self.figures(evaluated),
            Section("errors", "Worst errors", tuple(error_blocks(images, self.names, self.legend))),
            Section("examples", "Examples of test images", tuple(example_blocks(images))),
        ]

    def read_predictions(self, evaluated: Evaluated) -> dict[str, ReadPrediction]:
        """Counts of found and wrong objects by test image, each with all objects over the image."""
        return {one.image_id: _read(one) for one in self._test_images(evaluated)}

    def _test_images(self, evaluated: Evaluated) -> list[Compared]:
        if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
            return []
        mine = evaluated.predictions.filter(pl.col("model_digest") == evaluated.model_digest)
        images = evaluated.images.filter(pl.col("split") == "test")
        if self.least_confidence is None:
            return self.compare(images, mine)
        found = self.compare(images, mine.filter(pl.col("confidence") >= self.least_confidence))
        lacking = [image.image_id for image in found if any(one.sort == MISSED for one in image.outcomes)]
        is_lacking = pl.col("image_id").is_in(lacking)
        of_all = {image.image_id: image for image in self.compare(images.filter(is_lacking), mine.filter(is_lacking))}
        return [image.with_unsure(of_all[image.image_id]) if image.image_id in of_all else image for image in found]


def _read(image: Compared) -> ReadPrediction:
    there, counts = Counter(one.class_name for one in image.true), Counter(one.sort for one in image.outcomes)
    truth = ", ".join(f"{count} × {name}" for name, count in sorted(there.items())) or "nothing there"
    says = ", ".join(f"{counts[sort]} {sort}" for sort in (FOUND, *SORTS) if counts[sort]) or "nothing predicted"
    sure = max((one.confidence or 0.0 for one in image.predicted), default=0.0)
    return ReadPrediction(truth, says, sure, image.drawing())


def precision_section(evaluated: Evaluated, right: str) -> Section:
    """Average precision and recall, then of each class; `right` says what a right prediction does, as in `boxes overlap`."""
    about = f"Mean over the classes that count, and over the shares by which {right}: from 50 to 95 %. {_SIZES}"
    return Section("precision", "Average precision", figure_blocks(evaluated, about, _OVERALL, _BY_CLASS))
