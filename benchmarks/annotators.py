"""Simulated annotators: consensus, escalation and pausing, beside majority, crowd-kit's Dawid-Skene and cleanlab's CROWDLAB.

    python -m benchmarks.annotators                                ours beside majority
    python -m benchmarks.annotators --peers-python PYTHON          also crowd-kit, cleanlab, and the package krippendorff
    python -m benchmarks.annotators --tuned                        the worlds that constants were chosen on

`PYTHON` is an interpreter of your own that has `crowd-kit`, `cleanlab` and `krippendorff` (GPL); they are no requirement of
Nightlens. A world has 1,000 images, 20 people and a model whose beliefs are as certain as they should be times a factor, and which
errs on the same pairs of names as people do. People err `evenly` (with accuracies around .85), on `confused` pairs of names, or
four of them are `spammers`: two guess, one always says the same name, one is right a little more often than by guessing. Constants
were chosen on worlds of 3 and 5 names and models of accuracy .8; the tables are of 4 and 10 names, models of .7 and .9, and none.

`knowing` is given each person's true errors and the true shares of names, which nobody has: no method gets more from the same
votes on average. Where its ratio is above 0.8, a consensus error of 0.8 of majority's cannot be had from these votes. In the same
way, pausing is shown beside the same test on the truth itself.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from pipeline_tasks.label_quality.alpha import alpha, alpha_with_interval
from pipeline_tasks.label_quality.consensus import consensus, dawid_skene, voted_names, without_own_vote
from pipeline_tasks.label_quality.escalation import wants_another_vote
from pipeline_tasks.label_quality.gold import gold_beliefs
from pipeline_tasks.label_quality.people import TimedVotes, accuracies, default_floor, is_paused
from pipeline_tasks.label_quality.votes import Floats, Integers, VoteArrays, in_order

IMAGES, PEOPLE, SPAMMERS = 1000, 20, 4
ERRORS = ("even", "confused", "spammers")
SIDE = Path(__file__).with_name("annotators_side.py")
CERTAINTY = 1.5
"""Factor by which the model is more certain than it should be, on the scale of logarithms."""
NIGHT = 10
"""Votes of each person between two judgements of who is paused."""


@dataclass(frozen=True)
class World:
    """Images with their true names, people with their errors, and a model."""

    truth: Integers
    errors: Floats
    """People x true x said."""
    model: Floats | None
    seed: int

    @property
    def names(self) -> int:
        """Number of names."""
        return self.errors.shape[1]


def main(words: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", type=Path)
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args(words)
    names, models = ((3, 5), (0.8,)) if given.tuned else ((4, 10), (None, 0.7, 0.9))
    _print_consensus(names, models, given.seeds, given.peers_python)
    _print_escalation(names, models, given.seeds)
    _print_pausing(names, models, given.seeds)
    _print_alpha(given.peers_python)
    _print_speed()


def world(names: int, errors: str, model: float | None, seed: int) -> World:
    """A world of one seed."""
    generator = np.random.default_rng([seed, names])
    truth = generator.choice(names, IMAGES, p=generator.dirichlet(np.full(names, 5.0)))
    partner = np.roll(np.arange(names), 1) if names % 2 else np.arange(names) ^ 1
    accuracy = np.clip(generator.normal(0.85, 0.07, PEOPLE), 0.65, 0.98)
    off = np.where(np.eye(names) > 0, 0.0, 1.0)
    if errors == "confused":
        off[np.arange(names), partner] += 3.0 * (names - 1)
    off /= off.sum(axis=1, keepdims=True)
    found = accuracy[:, None, None] * np.eye(names) + (1 - accuracy)[:, None, None] * off
    if errors == "spammers":
        found[:2] = 1 / names
        found[2] = np.eye(names)[0]
        found[3] = 0.1 * np.eye(names) + 0.9 / names
    return World(truth, found, None if model is None else _beliefs(truth, partner, names, model, generator), seed)


def _beliefs(truth: Integers, partner: Integers, names: int, accuracy: float, generator: np.random.Generator) -> Floats:
    """Beliefs of a model of this accuracy, which takes a name for its partner more often than for others."""
    noise = generator.normal(size=(len(truth), names))
    noise[np.arange(len(truth)), partner[truth]] += 0.7
    low, high = 0.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        shown = noise + middle * np.eye(names)[truth]
        low, high = (middle, high) if (shown.argmax(axis=1) == truth).mean() < accuracy else (low, middle)
    exponents = np.exp(CERTAINTY * middle * (shown - shown.max(axis=1, keepdims=True)))
    beliefs: Floats = exponents / exponents.sum(axis=1, keepdims=True)
    return beliefs


def one_vote(known: World, images: Integers, people: Integers, generator: np.random.Generator) -> Integers:
    """Names that people say about images."""
    shares = known.errors[people, known.truth[images]].cumsum(axis=1)
    said: Integers = (generator.random((len(images), 1)) > shares).sum(axis=1)
    return np.minimum(said, known.names - 1)


def drawn_votes(known: World, mean: float) -> VoteArrays:
    """1 to 5 votes an image with this mean, each of another person."""
    generator = np.random.default_rng([known.seed, 7])
    sizes = 1 + generator.binomial(4, (mean - 1) / 4, len(known.truth))
    ranks = generator.random((len(known.truth), PEOPLE)).argsort(axis=1)
    images = np.repeat(np.arange(len(known.truth)), sizes)
    people = ranks[images, np.concatenate([np.arange(size) for size in sizes])]
    return _votes(known, images, people, one_vote(known, images, people, generator))


def _votes(known: World, images: Integers, people: Integers, said: Integers) -> VoteArrays:
    sizes = {"image_count": len(known.truth), "people_count": PEOPLE, "name_count": known.names}
    return in_order(images, people, said, **sizes)


def majority(votes: VoteArrays, seed: int) -> Integers:
    """The name of most votes, ties by lot."""
    return (votes.counts + 0.5 * np.random.default_rng(seed).random(votes.counts.shape)).argmax(axis=1)


def _print_consensus(names: Sequence[int], models: Sequence[float | None], seeds: int, peers: Path | None) -> None:
    print(f"Share of wrong labels, {IMAGES} images, {PEOPLE} people, means of {seeds} seeds; in brackets the ratio to majority's")
    for count in names:
        for model in models:
            for errors in ERRORS:
                is_first = count == names[0] and model == models[min(1, len(models) - 1)]
                for mean in (1.0, 2.0, 3.0, 5.0) if is_first else (2.0,):
                    known = [world(count, errors, model, seed) for seed in range(seeds)]
                    _print_row(f"{count:3} names, model {model or 'none'}, {errors}, {mean:g} votes", known, mean, peers)


def _print_row(about: str, known: Sequence[World], mean: float, peers: Path | None) -> None:
    figures: dict[str, list[float]] = {}
    quality, likeness = [], []
    given = [(one, drawn_votes(one, mean)) for one in known]
    for one, votes in given:
        found = consensus(votes, one.model)
        chosen, belief = voted_names(votes, found)
        for method, labels in {
            "majority": majority(votes, one.seed),
            "ours": chosen,
            "knowing": knowing(one, votes).argmax(axis=1),
            "all names": found.names,
            "DS": dawid_skene(votes).names,
            "one-coin": dawid_skene(votes, is_one_coin=True).names,
        }.items():
            figures.setdefault(method, []).append(float((labels != one.truth).mean()))
        if 0 < (chosen == one.truth).mean() < 1:
            quality.append(roc_auc_score(chosen == one.truth, belief))
        likeness.append(_likeness(one, votes))
    for (one, _), labels_by in zip(given, _of_peers(peers, given), strict=True):
        for method, labels in labels_by.items():
            figures.setdefault(method, []).append(float((labels != one.truth).mean()))
    wrong = {method: float(np.mean(values)) for method, values in figures.items()}
    said = ", ".join(f"{method} {value:.4f} ({value / wrong['majority']:.2f})" for method, value in wrong.items())
    print(f"  {about}: {said}; AUROC of the quality {np.mean(quality):.3f}, Spearman of people {np.mean(likeness):.2f}", flush=True)


def knowing(known: World, votes: VoteArrays) -> Floats:
    """Logarithm of the belief in each name, images x names, of somebody who knows all people's errors and the shares of names."""
    found = consensus(votes, known.model)
    shares = np.bincount(known.truth, minlength=known.names) / len(known.truth)
    before = np.log(np.maximum(shares, 1e-9)) if known.model is None else found.before_votes
    logs: Floats = before + votes.sums(np.log(np.maximum(known.errors, 1e-12))[votes.people, :, votes.names])
    return logs


def _likeness(known: World, votes: VoteArrays) -> float:
    """Spearman's correlation of people's estimated accuracy and the true one."""
    alone = without_own_vote(votes, consensus(votes, known.model))
    believed = np.take_along_axis(alone, votes.names[:, None], axis=1)[:, 0]
    truth = (known.errors[:, np.arange(known.names), np.arange(known.names)][:, known.truth]).mean(axis=1)
    return float(spearmanr(accuracies(votes.people, believed, PEOPLE, known.names).mean, truth).statistic)


def _of_peers(python: Path | None, given: Sequence[tuple[World, VoteArrays]]) -> Iterator[dict[str, Integers]]:
    """Labels of each peer, for each world."""
    if python is None:
        yield from ({} for _ in given)
        return
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "given.npz", Path(folder) / "labels.npz"
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for number, (one, votes) in enumerate(given):
            arrays[f"votes {number}"] = np.stack([votes.images, votes.people, votes.names])
            if one.model is not None:
                arrays[f"model {number}"] = one.model
        np.savez(asked, **arrays)  # type: ignore[arg-type]
        subprocess.run([python, SIDE, asked, found], check=True)
        labels = dict(np.load(found))
    for number in range(len(given)):
        suffix = f" {number}"
        yield {key.removesuffix(suffix): value for key, value in labels.items() if key.endswith(suffix)}


def _print_escalation(names: Sequence[int], models: Sequence[float | None], seeds: int) -> None:
    """One vote an image, then one more where the consensus is weakest, in six rounds."""
    print("\nEscalation: share of wrong labels at 1.6 votes an image, beside majority of 3 votes an image")
    for count in names:
        for model in models:
            for errors in ERRORS:
                known = [world(count, errors, model, seed) for seed in range(seeds)]
                wrong, spent = np.mean([escalated(one, 0.6) for one in known], axis=0)
                best = np.mean([escalated(one, 0.6, is_knowing=True) for one in known], axis=0)[0]
                three = float(np.mean([(majority(_three(one), one.seed) != one.truth).mean() for one in known]))
                print(
                    f"  {count:3} names, model {model or 'none'}, {errors}: {wrong:.4f} at {spent:.2f} votes, "
                    f"majority of 3 {three:.4f} (ratio {wrong / three:.2f}; knowing {best / three:.2f})",
                    flush=True,
                )


def _three(known: World) -> VoteArrays:
    generator = np.random.default_rng([known.seed, 9])
    images = np.repeat(np.arange(len(known.truth)), 3)
    people = generator.random((len(known.truth), PEOPLE)).argsort(axis=1)[:, :3].reshape(-1)
    return _votes(known, images, people, one_vote(known, images, people, generator))


def escalated(known: World, more: float, rounds: int = 6, *, is_knowing: bool = False) -> tuple[float, float]:
    """Share of wrong labels and votes an image after rounds of escalation; `more` votes an image beside the first."""
    generator = np.random.default_rng([known.seed, 8])
    count = len(known.truth)
    order = generator.random((count, PEOPLE)).argsort(axis=1)
    images = np.arange(count)
    people = order[:, 0]
    said = one_vote(known, images, people, generator)
    for _ in range(rounds):
        votes = _votes(known, images, people, said)
        sizes = votes.counts.sum(axis=1)
        margin = None if known.model is None else np.diff(np.sort(known.model, axis=1)[:, -2:], axis=1)[:, 0]
        belief = _believed(known, votes, is_knowing=is_knowing)[1]
        again = wants_another_vote(belief, sizes, budget=round(more * count / rounds), margin=margin, enough_quality=0.97)
        asked = order[again, sizes[again]]
        images, people = np.concatenate([images, again]), np.concatenate([people, asked])
        said = np.concatenate([said, one_vote(known, again, asked, generator)])
    names = _believed(known, _votes(known, images, people, said), is_knowing=is_knowing)[0]
    return float((names != known.truth).mean()), len(images) / count


def _believed(known: World, votes: VoteArrays, *, is_knowing: bool) -> tuple[Integers, Floats]:
    """Each image's name and the belief in it."""
    if not is_knowing:
        return voted_names(votes, consensus(votes, known.model))
    beliefs = np.exp(knowing(known, votes))
    beliefs /= beliefs.sum(axis=1, keepdims=True)
    return beliefs.argmax(axis=1), beliefs.max(axis=1)


def _print_pausing(names: Sequence[int], models: Sequence[float | None], seeds: int) -> None:
    print(f"\nPaused, judged after every {NIGHT} tasks of each person; in brackets the same test on the truth itself")
    for count in names:
        for model in models:
            for votes, gold in ((2.0, 0.0), (3.0, 0.0), (2.0, 0.3)) if model in models[:2] else ((2.0, 0.0),):
                when = np.array([paused_after(world(count, "spammers", model, seed), votes, gold) for seed in range(seeds)])
                careful = [world(count, errors, model, seed) for seed in range(seeds) for errors in ERRORS[:2]]
                others = np.array([paused_after(one, votes, gold) for one in careful])
                best = np.array([truly_paused_after(world(count, "spammers", model, seed)) for seed in range(seeds)])
                wrongly = np.concatenate([when[:, SPAMMERS:].reshape(-1), others.reshape(-1)])
                within, most = ((one[:, :SPAMMERS] <= 30).mean() for one in (when, best))
                by_spammer = ", ".join(f"{one:.0%}" for one in (when[:, :SPAMMERS] <= 30).mean(axis=0))
                within_100 = (when[:, :SPAMMERS] <= 100).mean()
                print(
                    f"  {count:3} names, model {model or 'none'}, {votes:g} votes an image, {gold:.0%} gold: "
                    f"{within:.0%} of spammers within 30 tasks ({most:.0%}; by spammer {by_spammer}), {within_100:.0%} within 100, "
                    f"others wrongly {np.isfinite(wrongly).mean():.2%}",
                    flush=True,
                )


def paused_after(known: World, mean: float, gold: float) -> Floats:
    """Tasks after which each person is first paused, infinite if never; a share of `gold` of them are gold images."""
    votes = drawn_votes(known, mean)
    order = np.random.default_rng([known.seed, 6]).permutation(known.truth.size)
    voted = round(NIGHT * (1 - gold))
    by_person = np.lexsort((order[votes.images], votes.people))
    sizes = np.bincount(votes.people, minlength=PEOPLE)
    night = np.empty(len(by_person), np.int64)
    night[by_person] = (np.arange(len(by_person)) - np.repeat(np.cumsum(sizes) - sizes, sizes)) // voted
    tests = _gold(known, (NIGHT - voted) * (int(night.max()) + 1))
    first = np.full(PEOPLE, np.inf)
    for last in range(int(night.max()) + 1):
        so_far = votes.only(night <= last)
        alone = without_own_vote(so_far, consensus(so_far, known.model))
        believed = np.take_along_axis(alone, so_far.names[:, None], axis=1)[:, 0]
        in_time = np.argsort(order[so_far.images], kind="stable")
        timed = TimedVotes(so_far.people[in_time], so_far.names[in_time], believed[in_time])
        shown = (NIGHT - voted) * (last + 1) * PEOPLE
        timed = TimedVotes(*(np.concatenate([vars(timed)[one], vars(tests)[one][:shown]]) for one in vars(timed)))
        now = is_paused(timed, PEOPLE, known.names, default_floor(known.names))
        sizes = np.bincount(timed.people, minlength=PEOPLE)
        first[now & np.isinf(first)] = sizes[now & np.isinf(first)]
    return first


def truly_paused_after(known: World) -> Floats:
    """Tasks after which each person is first paused if the truth of each image is known."""
    first = np.full(PEOPLE, np.inf)
    for size in range(NIGHT, 101, NIGHT):
        now = is_paused(_gold(known, size), PEOPLE, known.names, default_floor(known.names))
        first[now & np.isinf(first)] = size
    return first


def _gold(known: World, size: int) -> TimedVotes:
    """Votes of all people on so many gold images, image by image."""
    generator = np.random.default_rng([known.seed, 5])
    people = np.tile(np.arange(PEOPLE), size)
    images = generator.integers(0, len(known.truth), len(people))
    said = one_vote(known, images, people, generator)
    return TimedVotes(people, said, gold_beliefs(said == known.truth[images], known.names))


def _print_alpha(peers: Path | None) -> None:
    """Largest difference of alpha to that of the package `krippendorff`, over 200 random tables."""
    if peers is None:
        print("\nalpha: give --peers-python an interpreter with the package krippendorff to compare")
        return
    generator = np.random.default_rng(0)
    tables = [generator.multinomial(generator.integers(0, 6, 60), np.full(4, 0.25)) for _ in range(200)]
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "given.npz", Path(folder) / "alphas.npz"
        np.savez(asked, counts=np.array(tables))
        subprocess.run([peers, SIDE, asked, found], check=True)
        theirs = np.load(found)["alphas"]
    apart = [abs((alpha(one) if alpha(one) is not None else np.nan) - other) for one, other in zip(tables, theirs, strict=True)]
    print(f"\nalpha: largest difference to krippendorff's on {np.isfinite(apart).sum()} tables {np.nanmax(apart):.1e} (limit 1e-9)")


def _print_speed() -> None:
    generator = np.random.default_rng(0)
    count = 100_000
    images, people = np.repeat(np.arange(count), 2), generator.integers(0, 50, 2 * count)
    truth = generator.integers(0, 10, count)
    said = np.where(generator.random(2 * count) < 0.85, truth[images], generator.integers(0, 10, 2 * count))
    votes = in_order(images, people, said, image_count=count, people_count=50, name_count=10)
    model = generator.dirichlet(np.full(10, 0.3), count)
    works = {"alpha with interval": lambda: alpha_with_interval(votes.counts), "blend": lambda: consensus(votes, model)}
    for what, work in works.items():
        start = time.perf_counter()
        work()
        print(f"100,000 images, 200,000 votes, {what}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
