"""Doubted labels that another person looks at: unsettled ones first, then one of each name, then the most doubted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.label_errors.verdicts import WITHOUT_VOTE

SHARE_OF_NAMES = 0.5
"""Largest share of the places that goes to the most doubted label of each name, the rarest name first."""


@dataclass(frozen=True)
class Review:
    """A doubted label to look at again."""

    image_id: str
    given_name: str
    suggested_name: str
    reason: str


@dataclass(frozen=True)
class Doubted:
    """Doubts about labels, and what people said about earlier ones."""

    suspects: pl.DataFrame
    """image_id, given_name, suggested_name, votes, and belief_given and belief_suggested or a `reason`; the most doubted first."""
    looks: pl.DataFrame
    """image_id, given_name, suggested_name of every earlier review, in the order of time."""
    verdicts: pl.DataFrame
    """image_id, given_name, answered, is_same_person, verdict of those that were answered, in the order of time."""
    names: Mapping[str, str]
    """Image → name of its label today."""
    closed: Set[str]
    """Images that nobody must be asked about now, such as those with an open task."""
    annotators: int
    """Number of people who have annotated."""


def reviews(doubted: Doubted, places: int, at_most_times: int) -> list[Review]:
    """At most so many reviews; of one image at most so many over all nights.

    Where one person alone annotates, only labels of labelled sets are reviewed: nobody else could settle the others.
    """
    times = Counter(doubted.looks["image_id"])
    unsettled = _unsettled(doubted) if doubted.annotators > 1 else []
    waiting = {one.image_id for one in unsettled}
    fresh = [one for one in _fresh(doubted) if one.image_id not in waiting]
    usable = [
        [one for one in group if one.image_id not in doubted.closed and times[one.image_id] < at_most_times]
        for group in (unsettled, fresh)
    ]
    found = usable[0][:places]
    return found + names_first(usable[1], Counter(doubted.names.values()), places - len(found))


def names_first(doubts: Sequence[Review], labels: Mapping[str, int], places: int) -> list[Review]:
    """The most doubted, but first one of each name: so rare names are never left out by how common another one is.

    `doubts` come the most doubted first; `labels` is the number of labels of each name.
    """
    first = {one.given_name: one for one in reversed(doubts)}
    rarest = sorted(first, key=lambda name: (labels.get(name, 0), name))
    ahead = [first[name] for name in rarest[: int(places * SHARE_OF_NAMES)]]
    return [*ahead, *(one for one in doubts if one not in ahead)][:places]


def _unsettled(doubted: Doubted) -> list[Review]:
    """Images whose newest answered review settled nothing."""
    verdicts = {row["image_id"]: row for row in doubted.verdicts.iter_rows(named=True)}
    looks = {row["image_id"]: row for row in doubted.looks.iter_rows(named=True)}
    return [
        Review(image_id, look["given_name"], look["suggested_name"], _why_unsettled(verdicts[image_id]))
        for image_id, look in looks.items()
        if image_id in verdicts and verdicts[image_id]["verdict"] == "unclear"
    ]


def _why_unsettled(verdict: Mapping[str, object]) -> str:
    if verdict["is_same_person"]:
        return "The person who looked at it again had annotated it before, so another one is asked."
    if verdict["answered"] in WITHOUT_VOTE.values():
        return f"The second look was {verdict['answered']}, so another person is asked."
    return "Two people disagree about it, so a third one is asked."


def _fresh(doubted: Doubted) -> list[Review]:
    """Labels that are doubted now and that no earlier review settled."""
    settled = {
        (row["image_id"], row["given_name"]) for row in doubted.verdicts.iter_rows(named=True) if row["verdict"] != "unclear"
    }
    return [
        Review(row["image_id"], row["given_name"], row["suggested_name"], _why_doubted(row))
        for row in doubted.suspects.iter_rows(named=True)
        if doubted.names.get(row["image_id"]) == row["given_name"]
        and (row["image_id"], row["given_name"]) not in settled
        and (doubted.annotators > 1 or not row["votes"])
    ]


def _why_doubted(row: Mapping[str, object]) -> str:
    """The row's own reason, or by beliefs in two names."""
    if "reason" in row:
        return str(row["reason"])
    return (
        f"Labelled {row['given_name']} (belief {row['belief_given']:.2f}), it looks like {row['suggested_name']} "
        f"(belief {row['belief_suggested']:.2f}), so another person is asked."
    )
