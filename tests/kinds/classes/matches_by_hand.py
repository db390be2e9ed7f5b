"""Predictions written as two strings of letters, one an image."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.kinds.classes.matches import ClassMatches


def matches(truth: str, predicted: str, groups: str | None = None, probability: float = 0.5) -> ClassMatches:
    """Classes are letters; `groups` gives each image its group by a letter, by default one group an image."""
    names = tuple(sorted({*truth, *predicted}))
    members = list(groups) if groups else [f"{number:04d}" for number in range(len(truth))]
    return ClassMatches(
        class_names=names,
        truth=np.array([names.index(one) for one in truth], dtype=np.int64),
        predicted=np.array([names.index(one) for one in predicted], dtype=np.int64),
        truth_probability=np.full(len(truth), probability),
        groups=np.array([sorted(set(members)).index(one) for one in members], dtype=np.int64),
    )
