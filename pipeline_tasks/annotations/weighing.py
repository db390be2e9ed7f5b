"""Votes of all nights as arrays, and labels from people and a model, each weighed by how often it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline_tasks.annotations.gold_annotations import GoldAnnotation
from pipeline_tasks.annotations.votes import Objects, Votes
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.label_quality.consensus import Consensus, consensus, voted_names, without_own_vote
from pipeline_tasks.label_quality.gold import gold_beliefs
from pipeline_tasks.label_quality.people import Accuracies, TimedVotes, accuracies, default_floor, is_paused
from pipeline_tasks.label_quality.votes import Booleans, Floats, Integers, VoteArrays, in_order

LEAST_SHARED = 50
"""Images that several people annotated, below which people are not weighed: too little is known about each."""
MOST_JUDGED = 20_000
"""Images about which a model is asked, as its heads and neighbours cost seconds for each ten thousand."""
LEAST_BELIEF = 0.5
"""Belief below which people who disagree have no label, and above which an earlier label is changed."""


@dataclass(frozen=True)
class NamedVotes:
    """Votes for one name an image, or for nothing (an empty name); other annotations are left out."""

    arrays: VoteArrays
    image_ids: tuple[str, ...]
    annotator_ids: tuple[str, ...]
    names: tuple[str, ...]
    objects: Mapping[str, Objects]
    """Name → the objects that say it."""

    @property
    def shared_images(self) -> int:
        """Images with several votes."""
        return int((self.arrays.counts.sum(axis=1) >= 2).sum())

    @property
    def majorities(self) -> Integers:
        """Number of each image's name of most votes, the first of several."""
        majorities: Integers = self.arrays.counts.argmax(axis=1)
        return majorities


@dataclass(frozen=True)
class Weighed:
    """The consensus of people and a model."""

    labels: Mapping[str, tuple[Objects, float]]
    """image_id → objects of its label, and the belief in it."""
    accuracies: Accuracies
    """In the order of `NamedVotes.annotator_ids`."""
    paused: frozenset[str]
    has_model: bool


def named_votes(votes: Votes, labeling: Labeling[Any], left_out: frozenset[str] = frozenset()) -> NamedVotes:
    """Votes of images on which every person named one thing or nothing, but for those left out."""
    rows: list[tuple[str, str, str]] = []
    objects: dict[str, Objects] = {}
    for image_id, given in votes.by_image.items():
        if image_id in left_out or any(len(said) > 1 for said in given.values()):
            continue
        for annotator_id, said in given.items():
            name = labeling.says(said) if said else ""
            objects[name] = said
            rows.append((image_id, annotator_id, name))
    image_ids, annotator_ids, names = (tuple(sorted({row[column] for row in rows})) for column in range(3))
    places = [{one: number for number, one in enumerate(all_of)} for all_of in (image_ids, annotator_ids, names)]
    columns = [[places[column][row[column]] for row in rows] for column in range(3)]
    sizes = {"image_count": len(image_ids), "people_count": len(annotator_ids), "name_count": len(names)}
    return NamedVotes(in_order(*columns, **sizes), image_ids, annotator_ids, names, objects)


@dataclass(frozen=True)
class GoldVotes:
    """Annotations of gold images, which tell of people and never of labels."""

    annotations: Sequence[GoldAnnotation] = ()
    order: Mapping[str, int] = field(default_factory=dict)
    """Annotation, of gold or not → its place in time."""


def weigh(given: NamedVotes, votes: Votes, model: Floats | None, gold: GoldVotes | None = None) -> Weighed:
    """Labels and people from all votes, with a model's out-of-fold beliefs (images x names, NaN where it has none)."""
    found = consensus(given.arrays, model)
    numbers, beliefs = voted_names(given.arrays, found)
    labels = {
        image_id: (given.objects[given.names[number]], belief)
        for image_id, number, belief in zip(given.image_ids, numbers.tolist(), beliefs.tolist(), strict=True)
    }
    people, believed = given.arrays.people, _believed(given.arrays, found)
    sizes = len(given.annotator_ids), max(len(given.names), 1)
    timed = _in_time(given, votes, believed, gold or GoldVotes(order=votes.order))
    paused = is_paused(timed, *sizes, default_floor(sizes[1]))
    return Weighed(labels, accuracies(people, believed, *sizes), _named(given, paused), model is not None)


def judged_by_model(given: NamedVotes, changed: Set[str], most: int = MOST_JUDGED) -> Booleans:
    """Images about which a model is asked: those whose people differ, those with news, and others up to `most` in all.

    The others tell of people, of whom much is known by then, and their label is what all their people say. They are the first by
    image_id, a digest: a random sample that stays the same from night to night.
    """
    has_news = np.array([one in changed for one in given.image_ids], bool)
    needed: Booleans = has_news | ((given.arrays.counts > 0).sum(axis=1) > 1)
    needed[np.flatnonzero(~needed)[: max(most - int(needed.sum()), 0)]] = True
    return needed


def for_training_only(model: Floats, splits: Sequence[str | None]) -> Floats:
    """A model's beliefs (images x names) about images to train on; NaN for others, and where the split is not known (None).

    A label for evaluation that follows a model makes this model, and each on the same backbone, look better than it is.
    """
    kept: Floats = np.where(np.array([one == "train" for one in splits])[:, None], model, np.nan)
    return kept


def _believed(votes: VoteArrays, found: Consensus) -> Floats:
    """Belief in the name of each vote by the model and all other people."""
    alone = without_own_vote(votes, found)
    believed: Floats = np.take_along_axis(alone, votes.names[:, None], axis=1)[:, 0]
    return believed


def _in_time(given: NamedVotes, votes: Votes, believed: Floats, gold: GoldVotes) -> TimedVotes:
    """Votes and annotations about gold of the same people, in the order of time."""
    numbers, names = ({one: at for at, one in enumerate(all_of)} for all_of in (given.annotator_ids, given.names))
    annotations = [one for one in gold.annotations if one.annotator_id in numbers]
    of_objects = {objects: names[name] for name, objects in given.objects.items()}
    said = [of_objects.get(one.objects, -1) for one in annotations]
    beliefs = gold_beliefs(np.array([one.is_right for one in annotations], bool), max(len(names), 1))
    ids = [votes.ids[image_id][who] for image_id, who in _pairs(given)] + [one.annotation_id for one in annotations]
    order = np.argsort([gold.order[one] for one in ids], kind="stable")
    people = np.concatenate([given.arrays.people, np.array([numbers[one.annotator_id] for one in annotations], np.int64)])
    return TimedVotes(
        people[order],
        np.concatenate([given.arrays.names, np.array(said, np.int64)])[order],
        np.concatenate([believed, beliefs])[order],
    )


def _pairs(given: NamedVotes) -> list[tuple[str, str]]:
    """Image and annotator of each vote."""
    rows = zip(given.arrays.images.tolist(), given.arrays.people.tolist(), strict=True)
    return [(given.image_ids[image], given.annotator_ids[person]) for image, person in rows]


def _named(given: NamedVotes, paused: Booleans) -> frozenset[str]:
    return frozenset(one for one, is_one in zip(given.annotator_ids, paused.tolist(), strict=True) if is_one)
