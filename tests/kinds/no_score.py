"""The claim on images without an object, for each kind that is judged by average precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.kinds.object_scoring import MatchedObjects
from pipeline_tasks.kinds.precision_scoring import PrecisionScoring


def assert_nothing_has_no_score(scoring: PrecisionScoring[Any], matches_of: Callable[..., MatchedObjects], rule: Rule) -> None:
    """Neither empty images nor no images have a score or a decision; an empty image in which nothing was found is right."""
    empty, none = matches_of([[]] * 3, [[]] * 3), matches_of([], [])
    figures = scoring.figures(empty, scoring.basis(empty, 1), np.ones((1, empty.group_count)), 0.9)

    assert decide(scoring, empty, None, rule).why == "Not promoted: no class has at least 1 test images with an object of it."
    assert not decide(scoring, none, None, rule).is_promoted
    assert {(one.metric, one.class_name): one.value for one in figures if not np.isnan(one.value)} == {("image_ap", ""): 1.0}
    assert scoring.image_scores(none).tolist() == []
    assert scoring.baseline(empty).images == 3
