"""A quota of a selection: part of the budget goes to what a project's requirements lack, the rest by its objectives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from pipeline_tasks.selection.choosing import Selection, choose
from pipeline_tasks.selection.clips import clip_of
from pipeline_tasks.selection.pool import Label, Metadata
from pipeline_tasks.selection.wishes import CLASS, Wishes
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.requirements import RequirementSettings

STRATEGY = "requirements"
SLICE = "slice"
"""Key of the metadata that says which requested slice an image is like."""
Wanted = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Lacking:
    """Labels that a project lacks: by its requirements, by requests, and of names below its least share (name → labels wanted)."""

    project: Project
    short: Mapping[str, int]
    slices: Mapping[str, int] = field(default_factory=dict)
    """Labels that a person asked for of found slices, by their words."""

    def quota(self, budget: int, vocabulary: Sequence[str]) -> tuple[int, dict[str, dict[str, int]]]:
        """Picks that are reserved for it, and what is wanted; of short names those that the model knows."""
        requirements = self.project.requirements
        wanted = {} if requirements is None else requirements.by_key()
        names = {name: count for name, count in self.short.items() if name in vocabulary}
        if names:
            required = wanted.get(CLASS, {})
            wanted[CLASS] = required | {name: max(count, required.get(name, 0)) for name, count in names.items()}
        wanted |= {SLICE: dict(self.slices)} if self.slices else {}
        ratios = [0.0 if requirements is None else requirements.quota_ratio]
        ratios += [RequirementSettings().quota_ratio] if self.slices and requirements is None else []
        ratios += [self.project.labeling.least_share_quota_ratio] if names else []
        return round(budget * max(ratios)), wanted


def choose_with_quota(
    embeddings: npt.NDArray[np.float32],
    *,
    quota: int,
    wanted: Wanted,
    budget: int,
    seed: int,
    labelled: Sequence[int],
    labels: Sequence[Label],
    beliefs: npt.ArrayLike | None,
    metadata: Sequence[Metadata],
    objectives: str | Mapping[str, float],
    vocabulary: Sequence[str],
    min_distance: float,
    wishes: Wishes,
) -> Selection:
    """Pick at most `quota` rows that meet a need of `wanted`, then the rest of the budget by the objectives.

    A key that no row has, and classes without a model, have no effect. Where no row meets a need, all goes by the objectives.
    """
    usable = usable_needs(wanted, metadata, has_beliefs=beliefs is not None)
    pick = partial(
        choose, embeddings, seed=seed, beliefs=beliefs, metadata=metadata, vocabulary=vocabulary, min_distance=min_distance
    )
    first = Selection(np.empty(0, np.int64), {}, (), ())
    if usable and min(quota, budget) > 0:
        asked = replace(wishes, requirements=usable)
        found = pick(budget=min(quota, budget), labelled=labelled, labels=labels, objectives=STRATEGY, wishes=asked)
        first = _meeting_a_need(found)
    taken = [*labelled, *first.picks.tolist()]
    given = [*labels, *[None] * len(first.picks)]
    clips = Counter(clip for row in first.picks.tolist() if (clip := clip_of(metadata[row])) is not None)
    left = wishes if wishes.whole_clips else replace(wishes, clip_picks=clips)
    rest = pick(budget=budget - len(first.picks), labelled=taken, labels=given, objectives=objectives, wishes=left)
    return joined(first, rest)


def usable_needs(wanted: Wanted, metadata: Sequence[Metadata], *, has_beliefs: bool) -> dict[str, Mapping[str, float]]:
    """The wanted keys that some row has, and classes if a model says what to expect."""
    there = {key for row in metadata for key in row}
    return {key: counts for key, counts in wanted.items() if (has_beliefs if key == CLASS else key in there)}


def joined(first: Selection, second: Selection) -> Selection:
    """Both in order; an objective that did not judge a pick has score 0 for it."""
    names = list(dict.fromkeys([*first.scores, *second.scores]))
    parts = [[one.scores.get(name, np.zeros(len(one.picks))) for one in (first, second)] for name in names]
    return Selection(
        picks=np.concatenate([first.picks, second.picks]).astype(np.int64),
        scores={name: np.concatenate(both) for name, both in zip(names, parts, strict=True)},
        strategy=first.strategy + second.strategy,
        reasons=first.reasons + second.reasons,
    )


def _meeting_a_need(found: Selection) -> Selection:
    """The first picks, up to the one that meets no need any more."""
    scores = found.scores.get(STRATEGY, np.zeros(0))
    count = int(np.argmax(scores <= 0)) if (scores <= 0).any() else len(scores)
    scores_kept = {name: values[:count] for name, values in found.scores.items()}
    return Selection(found.picks[:count], scores_kept, found.strategy[:count], found.reasons[:count])
