"""Scoring of texts: 1 minus the character error over all test images."""

from __future__ import annotations

from functools import partial

from pipeline_tasks.kinds.likeness_scoring import LikenessScoring
from pipeline_tasks.kinds.scoring import ScoreNames
from pipeline_tasks.kinds.texts.consensus import annotations_alike
from pipeline_tasks.kinds.texts.labeling import TextLabeling
from pipeline_tasks.kinds.texts.text_object import Text

NAMES = ScoreNames(
    metric="text_likeness",
    words="likeness of texts",
    baseline_metric="empty_text_likeness",
    baseline_words="reading nothing",
    baseline_short="nothing",
    image_metric="exact_texts",
    image_words="share of texts without an error",
)


def text_scoring(labeling: TextLabeling) -> LikenessScoring[Text]:
    """Metrics of the kind `text`, for models of your own."""
    return LikenessScoring(NAMES, labeling, partial(annotations_alike, folded=labeling.folded))
