"""Guessers that are paused soon if more images are annotated by several while most people are new, and the cost of it.

    python -m benchmarks.new_people            4 and 10 names
    python -m benchmarks.new_people --tuned    3 and 5 names, on which the settings were chosen

Worlds, people and guessers are those of `benchmarks.annotators`: 20 people, all new, four of them hardly look. Rounds of 50
images go to people at random, 1,000 images in all. People are judged after each round until they have 60 tasks, and at the end, as
in a night only once enough images have several votes. Each row is one rule of overlap, with its cost in votes an image until people
have 30 tasks, and over all images. Beside them stand the limits: the same test on the truth of every image, and the best test of
each guesser's true errors against the floor, which nobody can have.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks.annotators import ERRORS, PEOPLE, SPAMMERS, World, one_vote, truly_paused_after, world
from pipeline_tasks.annotations.weighing import LEAST_SHARED
from pipeline_tasks.label_quality.consensus import consensus, without_own_vote
from pipeline_tasks.label_quality.new_people import Overlap, Wanted, overlap_for_new_people
from pipeline_tasks.label_quality.people import WRONGLY_PAUSED, TimedVotes, default_floor, is_paused
from pipeline_tasks.label_quality.votes import Floats, Integers, in_order

ROUND, FEW = 50, 30
USUAL = Overlap(0.1, 3)
RULES = {
    "as set by default, 1.2 votes": (USUAL, None),
    "2 votes": (Overlap(1.0, 2), None),
    "3 votes": (Overlap(1.0, 3), None),
    "new people: 3 on at most half": (USUAL, Wanted(30, 3, 0.5)),
    "new people: 4 on at most half": (USUAL, Wanted(30, 4, 0.5)),
    "new people: 5 on at most half": (USUAL, Wanted(30, 5, 0.5)),
    "new people: 5 on all": (USUAL, Wanted(30, 5, 1.0)),
}


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args(words)
    for names in (3, 5) if given.tuned else (4, 10):
        for model in (None,) if given.tuned else (None, 0.7):
            _print_rules(names, model, given.seeds)


def _print_rules(names: int, model: float | None, seeds: int) -> None:
    guessing = [world(names, "spammers", model, seed) for seed in range(seeds)]
    careful = [world(names, ERRORS[seed % 2], model, seed) for seed in range(seeds)]
    on_truth = np.array([truly_paused_after(one) for one in guessing])[:, :SPAMMERS]
    best = np.array([best_paused_after(one) for one in guessing])
    print(
        f"{names} names, model {model or 'none'}: the same test on the truth {(on_truth <= FEW).mean():.0%}, "
        f"the best test of true errors {(best <= FEW).mean():.0%}"
    )
    for about, rule in RULES.items():
        found = [paused_after(one, *rule) for one in [*guessing, *careful]]
        when = np.array([first for first, _, _ in found])
        wrongly = np.concatenate([when[:seeds, SPAMMERS:].reshape(-1), when[seeds:].reshape(-1)])
        by_sort = ", ".join(f"{one:.0%}" for one in (when[:seeds, :SPAMMERS] <= FEW).mean(axis=0))
        early, overall = (np.mean([costs[at] for costs in found]) for at in (1, 2))
        print(
            f"  {about}: {(when[:seeds, :SPAMMERS] <= FEW).mean():.0%} within 30 tasks ({by_sort}), "
            f"{(when[:seeds, :SPAMMERS] <= 2 * FEW).mean():.0%} within 60; others wrongly {np.isfinite(wrongly).mean():.2%}; "
            f"votes an image {early:.2f} at first, {overall:.2f} in all",
            flush=True,
        )


def paused_after(known: World, usual: Overlap, wanted: Wanted | None) -> tuple[Floats, float, float]:
    """Tasks after which each person is first paused, infinite if never; votes an image until all have 30 tasks, and in all."""
    generator = np.random.default_rng([known.seed, 11])
    images, people, said = (np.empty(0, np.int64) for _ in range(3))
    first, early = np.full(PEOPLE, np.inf), 0.0
    for start in range(0, len(known.truth), ROUND):
        overlap = usual if wanted is None else overlap_for_new_people(_judged(images, people), ROUND, usual, wanted)
        asked, by = _round(start, overlap, generator)
        images, people = np.concatenate([images, asked]), np.concatenate([people, by])
        said = np.concatenate([said, one_vote(known, asked, by, generator)])
        tasks = np.bincount(people, minlength=PEOPLE)
        if not early and tasks.mean() >= FEW:
            early = len(images) / (start + ROUND)
        shared = int((np.bincount(images) > 1).sum())
        if shared < LEAST_SHARED or (tasks.mean() > 2 * FEW and start + ROUND < len(known.truth)):
            continue
        now = is_paused(_timed(known, images, people, said), PEOPLE, known.names, default_floor(known.names))
        first[now & np.isinf(first)] = tasks[now & np.isinf(first)]
    return first, early or len(images) / len(known.truth), len(images) / len(known.truth)


def _judged(images: Integers, people: Integers) -> Integers:
    """Answers of each person on images of several people."""
    is_shared = np.bincount(images)[images] > 1 if len(images) else np.empty(0, bool)
    return np.bincount(people[is_shared], minlength=PEOPLE).astype(np.int64)


def _round(start: int, overlap: Overlap, generator: np.random.Generator) -> tuple[Integers, Integers]:
    """Image and person of each task of a round, in the order in which they are opened."""
    sizes = np.ones(ROUND, np.int64)
    sizes[generator.permutation(ROUND)[: round(overlap.ratio * ROUND)]] = overlap.annotators
    ranks = generator.random((ROUND, PEOPLE)).argsort(axis=1)
    rows = np.repeat(np.arange(ROUND), sizes)
    people = ranks[rows, np.concatenate([np.arange(size) for size in sizes])]
    order = generator.permutation(len(rows))
    return start + rows[order], people[order]


def _timed(known: World, images: Integers, people: Integers, said: Integers) -> TimedVotes:
    """The votes in the order of their time, with the belief of all others in each."""
    sizes = {"image_count": int(images.max()) + 1, "people_count": PEOPLE, "name_count": known.names}
    votes = in_order(images, people, said, **sizes)
    alone = without_own_vote(votes, consensus(votes, None if known.model is None else known.model[: votes.image_count]))
    believed = np.take_along_axis(alone, votes.names[:, None], axis=1)[:, 0]
    in_time = np.argsort(np.lexsort((said, people, images)), kind="stable")
    return TimedVotes(people, said, believed[in_time])


def best_paused_after(known: World) -> Floats:
    """The same of guessers by the likelihood ratio of their true errors to the floor, on the truth of each image."""
    floor, shares = default_floor(known.names), np.bincount(known.truth, minlength=known.names) / len(known.truth)
    generator, first = np.random.default_rng([known.seed, 12]), np.full(SPAMMERS, np.inf)
    for person in range(SPAMMERS):
        truth = generator.choice(known.names, FEW, p=shares)
        said = (generator.random((FEW, 1)) > known.errors[person, truth].cumsum(axis=1)).sum(axis=1).clip(max=known.names - 1)
        at_floor = np.where(said == truth, floor, (1 - floor) / (known.names - 1))
        evidence = np.log(np.maximum(known.errors[person, truth, said], 1e-12) / at_floor).cumsum()
        over = np.flatnonzero(evidence >= np.log(1 / WRONGLY_PAUSED))
        first[person] = over[0] + 1 if over.size else np.inf
    return first


if __name__ == "__main__":
    main()
