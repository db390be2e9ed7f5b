"""Report sections of a model of several classes: F1 of each class and the worst errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.kinds.figure_blocks import class_blocks
from pipeline_tasks.kinds.multi_label.matches import MultiLabelMatches, match
from pipeline_tasks.kinds.reporting import Block, Evaluated, ImageCard, ImageCards, Paragraph, ReadPrediction, Section
from pipeline_tasks.tables.table import Table

MOST_ERRORS = 36
RATES = {"f1": "F1 by class", "recall": "Recall by class", "precision": "Precision by class"}


@dataclass(frozen=True)
class MultiLabelReporting:
    """Rates of each class, and the images with the worst errors."""

    class_names: tuple[str, ...]
    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Rates by class, then the worst errors."""
        return [
            Section("rates", "Each class", tuple(class_blocks(evaluated, RATES, "on {}"))),
            Section("errors", "Worst errors", tuple(_worst_errors(evaluated))),
        ]

    def read_predictions(self, evaluated: Evaluated) -> dict[str, ReadPrediction]:
        """The predicted classes of each test image; the confidence is that of the surest wrong decision, if one is wrong."""
        found = _matched(evaluated)
        return {} if found is None else {image_id: _read(found[0], row) for row, image_id in enumerate(found[1])}


def _worst_errors(evaluated: Evaluated) -> list[Block]:
    """Test images with a wrong decision, the most confident first."""
    matched = _matched(evaluated)
    if matched is None:
        return []
    found, image_ids = matched
    is_wrong = found.truth != found.predicted
    confidence = np.where(is_wrong, np.abs(found.probability - 0.5), -1).max(axis=1)
    order = [int(row) for row in np.argsort(-confidence, kind="stable") if confidence[row] >= 0]
    if not order:
        return [Paragraph(f"None of {found.images} test images has a wrong class.", is_quiet=True)]
    cards = tuple(_error(found, row, image_ids[row]) for row in order[:MOST_ERRORS])
    said = f"{len(order)} of {found.images} test images have a class too much or too little; the most confident errors come first."
    return [Paragraph(said), ImageCards(cards, len(order), "errors")]


def _matched(evaluated: Evaluated) -> tuple[MultiLabelMatches, list[str]] | None:
    """The model's decisions on the test images that it predicted, with their ids; None without any."""
    if evaluated.predictions is None or evaluated.images is None or evaluated.model_digest is None:
        return None
    told = evaluated.predictions.filter(model_digest=evaluated.model_digest)
    images = evaluated.images.filter(pl.col("image_id").is_in(told["image_id"].implode())).sort("image_id")
    if images.is_empty() or "objects" not in images.columns:
        return None
    return match(told, images, evaluated.model_digest), images["image_id"].to_list()


def _read(found: MultiLabelMatches, row: int) -> ReadPrediction:
    wrong = found.truth[row] != found.predicted[row]
    says = ", ".join(_named(found, row, found.predicted[row])) or "none of the classes"
    missed = ", ".join(_named(found, row, found.truth[row] & wrong))
    sure = np.abs(found.probability[row] - 0.5)[wrong if wrong.any() else slice(None)]
    return ReadPrediction(_truth(found, row), f"{says}; missed {missed}" if missed else says, float(sure.max(initial=0.0)) + 0.5)


def _truth(found: MultiLabelMatches, row: int) -> str:
    names = (name for name, is_there in zip(found.class_names, found.truth[row], strict=True) if is_there)
    return ", ".join(names) or "none of the classes"


def _error(found: MultiLabelMatches, row: int, image_id: str) -> ImageCard:
    missed, extra = found.truth[row] & ~found.predicted[row], found.predicted[row] & ~found.truth[row]
    lines = [f"missed: {one}" for one in _named(found, row, missed)] + [f"extra: {one}" for one in _named(found, row, extra)]
    return ImageCard(image_id, _truth(found, row), tuple(lines))


def _named(found: MultiLabelMatches, row: int, flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[str]:
    """Classes with the model's probability."""
    return [f"{found.class_names[column]} with {100 * found.probability[row, column]:.1f} %" for column in np.flatnonzero(flags)]
