"""Report sections of a classifier: confusion matrix and worst errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.kinds.figure_blocks import class_blocks, figure_blocks
from pipeline_tasks.kinds.reporting import Block, Evaluated, Grid, ImageCard, ImageCards, Paragraph, ReadPrediction, Section
from pipeline_tasks.tables.confusion import Confusion
from pipeline_tasks.tables.table import Table

MOST_ERRORS = 36
ABOUT = (
    "On the test images. The areas under the curves are means over the classes, each against all others; the calibration error is "
    "the mean distance of the model's confidence from its share of right answers (0 is best)."
)
OVERALL = {
    "accuracy": "accuracy",
    "roc_auc": "area under ROC",
    "average_precision": "area under precision and recall",
    "calibration_error": "calibration error",
}


@dataclass(frozen=True)
class ClassReporting:
    """Confusions, recalls and the worst errors."""

    class_names: tuple[str, ...]
    detail_tables: tuple[type[Table], ...] = (Confusion,)
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Confusions with recalls, then the worst errors."""
        return [
            Section("confusion", "Confusion and recall", tuple(self._confusion(evaluated))),
            Section("errors", "Worst errors", tuple(_worst_errors(evaluated))),
        ]

    def read_predictions(self, evaluated: Evaluated) -> dict[str, ReadPrediction]:
        """The most probable class of each test image, and what the true one got."""
        return {one["image_id"]: _read(one) for one in _top(evaluated).iter_rows(named=True)}

    def _confusion(self, evaluated: Evaluated) -> list[Block]:
        """Test images by class and by the candidate's prediction, and the recall of each class with its interval."""
        confusions = evaluated.details.get(Confusion)
        if confusions is None or evaluated.model_digest is None:
            return []
        rows = confusions.filter(model_digest=evaluated.model_digest).drop("model_digest").iter_rows()
        counts = {(truth, predicted): images for truth, predicted, images in rows}
        names = (*self.class_names, *sorted({name for pair in counts for name in pair} - set(self.class_names)))
        by_class = class_blocks(evaluated, {"recall": "Recall by class"}, "of {}")
        return [Grid("is ↓  taken for →", names, counts), *figure_blocks(evaluated, ABOUT, OVERALL, {}), *by_class]


def _worst_errors(evaluated: Evaluated) -> list[Block]:
    """Test images that the candidate gets wrong, most confident first."""
    if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
        return []
    top = _top(evaluated)
    wrong = top.filter(pl.col("class_name") != pl.col("truth"))
    if wrong.is_empty():
        return [Paragraph(f"None of {top.height} test images is predicted wrong.", is_quiet=True)]
    shown = tuple(_error(one) for one in wrong.head(MOST_ERRORS).iter_rows(named=True))
    found = f"{wrong.height} of {top.height} test images are predicted wrong; the most confident errors come first."
    return [Paragraph(found), ImageCards(shown, wrong.height, "errors")]


def _top(evaluated: Evaluated) -> pl.DataFrame:
    """The most probable class of each test image with its true one and the probability of that, the most confident first."""
    if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
        return pl.DataFrame()
    truth = evaluated.images.select("image_id", truth="class_name")
    said = evaluated.predictions.filter(model_digest=evaluated.model_digest)
    said = said.sort("probability", "class_name", descending=[True, False])
    top = said.unique("image_id", keep="first", maintain_order=True).join(truth, on="image_id", maintain_order="left")
    own = said.select("image_id", truth="class_name", truth_probability="probability")
    return top.join(own, on=["image_id", "truth"], how="left", maintain_order="left")


def _read(one: dict[str, Any]) -> ReadPrediction:
    says = f"{one['class_name']} {_percent(one['probability'])}"
    if one["class_name"] != one["truth"] and one["truth_probability"] is not None:
        says += f", {one['truth']} {_percent(one['truth_probability'])}"
    return ReadPrediction(str(one["truth"]), says, float(one["probability"]))


def _error(one: dict[str, Any]) -> ImageCard:
    lines = [f"taken for {one['class_name']} with {_percent(one['probability'])}"]
    if one["truth_probability"] is not None:
        lines.append(f"{one['truth']} got {_percent(one['truth_probability'])}")
    return ImageCard(one["image_id"], f"{one['truth']} → {one['class_name']}", tuple(lines))


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
