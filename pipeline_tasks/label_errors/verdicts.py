"""Verdicts on doubted labels, by what another person said and what the label became."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.intervals.resampled import Estimate

STANDS, FIXED, UNCLEAR = "stands", "fixed", "unclear"
VERDICTS = (FIXED, STANDS, UNCLEAR)
WITHOUT_VOTE = {"skipped": "skipped", "deleted": "taken back", "misdirected": "by a person who was not asked"}
"""State of an annotation that says nothing → words."""


@dataclass(frozen=True)
class Reviewed:
    """All labeling tasks of images with a review, and what became of them."""

    tasks: pl.DataFrame
    """task_key, image_id, round_id, purpose, in the order of sending."""
    looks: pl.DataFrame
    """image_id, round_id, given_name, suggested_name of the reviews."""
    annotations: pl.DataFrame
    """task_key, image_id, annotator_id, state, is_starred, `says`, `is_vote` (it fits the form), the oldest first."""
    labels: Mapping[str, str]
    """Image → its label in words; nothing of an image on which people disagree."""
    renamed: Mapping[str, str]
    """Former name → name of today."""
    on_objects: Mapping[tuple[str, str], str] | None = None
    """Of kinds with objects: image and round → verdict by everybody's votes on the doubted objects."""


def verdicts(reviewed: Reviewed) -> pl.DataFrame:
    """Rows of `label_verdicts` for the review tasks that have an annotation, in the order of sending.

    People alone decide: a label that a model tipped is unclear, because models must not confirm their own doubts.
    """
    looks = {(row["image_id"], row["round_id"]): row for row in reviewed.looks.iter_rows(named=True)}
    said: dict[str, list[dict[str, Any]]] = {}
    for row in reviewed.annotations.iter_rows(named=True):
        said.setdefault(row["task_key"], []).append(row)
    before: dict[str, set[str]] = {}
    rows = []
    for task in reviewed.tasks.iter_rows(named=True):
        given, earlier = said.get(task["task_key"], []), before.setdefault(task["image_id"], set())
        look = looks.get((task["image_id"], task["round_id"])) if task["purpose"] == "review" else None
        if look is not None and given:
            rows.append(_row(task, look, _newest(given, earlier), earlier, reviewed))
        earlier |= {one["annotator_id"] for one in given if one["state"] == "answered"}
    return pl.DataFrame(rows)


def counted(verdicts_so_far: pl.DataFrame) -> dict[str, int]:
    """Verdict → doubts; of several looks at one doubt the newest counts, unless an earlier one settled it."""
    newest: dict[tuple[str, str], str] = {}
    for row in verdicts_so_far.select("image_id", "given_name", "verdict").iter_rows():
        doubt, verdict = row[:2], row[2]
        newest[doubt] = newest.get(doubt, UNCLEAR) if verdict == UNCLEAR else verdict
    return {verdict: count for verdict in VERDICTS if (count := list(newest.values()).count(verdict))}


def precision(counts: Mapping[str, int], confidence: float) -> Estimate | None:
    """Share of the doubts looked at that were right, with Wilson's interval; unclear ones count as not right. None without any."""
    looked_at, right = sum(counts.values()), counts.get(FIXED, 0)
    return Estimate(right / looked_at, *wilson(right / looked_at, looked_at, confidence)) if looked_at else None


def _newest(given: list[dict[str, Any]], earlier: set[str]) -> dict[str, Any]:
    """The newest annotation of somebody else that stands, else the newest that stands, else the newest."""
    standing = [one for one in given if one["state"] != "deleted"]
    of_others = [one for one in standing if one["annotator_id"] not in earlier]
    return (of_others or standing or given)[-1]


def _most_said(image_id: str, reviewed: Reviewed) -> str | None:
    """Words that most people say about an image, each by their newest vote; starred votes outrank others. None for a tie."""
    votes = reviewed.annotations.filter(pl.col("image_id") == image_id, pl.col("is_vote"))
    starred = votes.filter("is_starred")
    said = (votes if starred.is_empty() else starred).unique("annotator_id", keep="last")["says"]
    first, *others = Counter(said).most_common(2)
    return None if others and others[0][1] == first[1] else first[0]


def _row(
    task: Mapping[str, Any], look: Mapping[str, Any], annotation: Mapping[str, Any], earlier: set[str], reviewed: Reviewed
) -> dict[str, Any]:
    is_same_person = annotation["annotator_id"] in earlier
    words = WITHOUT_VOTE.get(annotation["state"], annotation["says"])
    verdict = _verdict(task, look, reviewed) if annotation["is_vote"] and not is_same_person else UNCLEAR
    return {
        **{name: task[name] for name in ("task_key", "image_id", "round_id")},
        **{name: look[name] for name in ("given_name", "suggested_name")},
        "answered": words,
        "annotator_id": annotation["annotator_id"],
        "is_same_person": is_same_person,
        "verdict": verdict,
    }


def _verdict(task: Mapping[str, Any], look: Mapping[str, Any], reviewed: Reviewed) -> str:
    """The verdict, once another person has voted."""
    image_id, given_name = task["image_id"], look["given_name"]
    if reviewed.on_objects is not None:
        return reviewed.on_objects.get((image_id, task["round_id"]), UNCLEAR)
    label = reviewed.labels.get(image_id)
    if label is None or label != _most_said(image_id, reviewed):
        return UNCLEAR
    return STANDS if label == reviewed.renamed.get(given_name, given_name) else FIXED
