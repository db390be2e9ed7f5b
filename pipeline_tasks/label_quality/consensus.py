"""Consensus of people by how often each of them errs, blended with a model's out-of-fold beliefs where there are some.

Dawid, Skene 1979, Maximum likelihood estimation of observer error-rates using the EM algorithm: the true name of an image and each
person's errors are estimated in turn. With one or two votes an image, errors by person and name cannot be learnt from the votes
alone; so each estimate is drawn towards the next coarser one: a person's errors with a name, that person's accuracy, the errors of
all people, their accuracy. The model takes the place of the shares of names; its beliefs are raised to an estimated power,
so that an overconfident model says less (after CROWDLAB: Goh, Tkachenko, Mueller 2022, arXiv 2210.06812, which averages instead).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline_tasks.label_quality.votes import Floats, Integers, VoteArrays

ITERATIONS = 60
TOLERANCE = 1e-4
LEAST_BELIEF = 1e-3
"""A model's belief in a name below which it is not believed to know."""


@dataclass(frozen=True)
class Prior:
    """Strength of each coarser estimate, in votes; 0 everywhere is plain Dawid-Skene."""

    accuracy: float = 0.8
    """Share of right votes that is expected of people in general."""
    all_people: float = 20.0
    """Weight of this, and of even errors, in the errors of all people, a name."""
    person: float = 6.0
    """Weight of all people's accuracy in a person's."""
    errors: float = 100.0
    """Weight of a person's accuracy in that person's errors, a name."""
    shares: float = 1.0
    """Weight of even shares in the shares of names, a name."""
    is_one_coin: bool = False
    """True: a person errs with all names alike, and with none more often than another."""


@dataclass(frozen=True)
class Consensus:
    """Estimates of N images' true names and of P people's errors."""

    beliefs: Floats
    """N x names; each row adds up to 1."""
    errors: Floats
    """P x true names x said names; each last row adds up to 1."""
    before_votes: Floats
    """N x names: the logarithm of the belief before any vote, of the model or of the shares of names."""
    power: float | None
    """The power of the model's beliefs: 0 ignores it, 1 takes it at its word; None without a model."""

    @property
    def names(self) -> Integers:
        """The most believed name of each image."""
        names: Integers = self.beliefs.argmax(axis=1)
        return names

    @property
    def quality(self) -> Floats:
        """Belief in it."""
        quality: Floats = self.beliefs.max(axis=1)
        return quality


def consensus(
    votes: VoteArrays, model: Floats | None = None, prior: Prior | None = None, iterations: int = ITERATIONS
) -> Consensus:
    """Estimate true names and errors in turn, from majorities, until beliefs move by less than `TOLERANCE`.

    `model` is N x names: beliefs by a model that has not learnt from the image's own votes; a row of NaN is no belief.
    """
    rule, logs = prior or Prior(), None if model is None else _logs(model)
    standing = _started(votes, logs)
    for _ in range(iterations if votes.name_count else 0):
        moved = _improved(votes, standing, logs, rule)
        change = float(np.abs(moved.beliefs - standing.beliefs).max(initial=0.0))
        standing = moved
        if change < TOLERANCE:
            break
    return standing


def dawid_skene(votes: VoteArrays, *, is_one_coin: bool = False, iterations: int = ITERATIONS) -> Consensus:
    """The published method with a hundredth of a vote as smoothing, for comparison."""
    rule = Prior(accuracy=1 / votes.name_count, all_people=0.01, person=0.01, errors=0.01, shares=0.01, is_one_coin=is_one_coin)
    return consensus(votes, None, rule, iterations)


def voted_names(votes: VoteArrays, found: Consensus) -> tuple[Integers, Floats]:
    """The most believed name among those that somebody voted for, and the belief in it; images without votes have -1 and 0.

    A model alone never makes a label that no person named.
    """
    voted = np.where(votes.counts > 0, found.beliefs, -1.0)
    names = voted.argmax(axis=1) if votes.name_count else np.zeros(votes.image_count, np.int64)
    has_votes = voted.max(axis=1, initial=-1.0) >= 0
    return np.where(has_votes, names, -1), np.where(has_votes, voted.max(axis=1, initial=-1.0), 0.0)


def without_own_vote(votes: VoteArrays, found: Consensus) -> Floats:
    """Beliefs about the image of each vote by the model and all other people, votes x names."""
    logs = found.before_votes + votes.sums(_log_errors(votes, found.errors))
    return _shares(logs[votes.images] - _log_errors(votes, found.errors))


def _started(votes: VoteArrays, logs: Floats | None) -> Consensus:
    """Majorities, with the model's belief as one more vote."""
    model = np.full((votes.image_count, votes.name_count), 1 / max(votes.name_count, 1)) if logs is None else _shares(logs)
    beliefs = votes.counts + model
    beliefs /= beliefs.sum(axis=1, keepdims=True)
    errors = np.zeros((votes.people_count, votes.name_count, votes.name_count))
    return Consensus(beliefs, errors, np.zeros_like(beliefs), None if logs is None else 1.0)


def _improved(votes: VoteArrays, standing: Consensus, logs: Floats | None, rule: Prior) -> Consensus:
    """One round: errors, shares and the model's power from the beliefs, then the beliefs from these."""
    errors = _errors(votes, standing.beliefs, rule)
    if logs is None:
        power, before = None, _log_shares(standing.beliefs, rule)
    else:
        power = _power(logs, standing.beliefs, standing.power or 0.0)
        before = power * logs
    beliefs = _shares(before + votes.sums(_log_errors(votes, errors)))
    return replace(standing, beliefs=beliefs, errors=errors, before_votes=before, power=power)


def _errors(votes: VoteArrays, beliefs: Floats, rule: Prior) -> Floats:
    """Each person's errors, drawn towards that person's accuracy and the errors of all."""
    size = votes.name_count
    counts = _said(votes, beliefs).astype(np.float64)
    even = _coin(np.array([rule.accuracy]), np.ones((size, size)))[0]
    pooled = _smoothed(counts.sum(axis=0), even, rule.all_people)
    accuracy = _accuracy(counts, _diagonal_mean(counts.sum(axis=0), even, rule.all_people), rule)
    coins = _coin(accuracy, np.ones((size, size)) if rule.is_one_coin else pooled)
    return coins if rule.is_one_coin else _smoothed(counts, coins, rule.errors)


def _said(votes: VoteArrays, beliefs: Floats) -> Floats:
    """Expected number of times each person said a name where another is true: people x true x said."""
    cells, size = votes.people * votes.name_count + votes.names, votes.people_count * votes.name_count
    columns = [np.bincount(cells, beliefs[votes.images, true], size) for true in range(votes.name_count)]
    return np.stack([one.reshape(votes.people_count, votes.name_count) for one in columns], axis=1)


def _diagonal_mean(counts: Floats, even: Floats, weight: float) -> float:
    """Accuracy of all people, drawn towards the expected one."""
    size = len(counts)
    return float((np.trace(counts) + weight * even[0, 0]) / (counts.sum() + weight)) if counts.sum() + weight else 1 / size


def _accuracy(counts: Floats, of_all: float, rule: Prior) -> Floats:
    """Each person's share of right votes, drawn towards that of all people."""
    right = np.trace(counts, axis1=1, axis2=2)
    total = counts.sum(axis=(1, 2)) + rule.person
    found: Floats = np.divide(right + rule.person * of_all, total, out=np.full_like(right, of_all), where=total > 0)
    return found


def _coin(accuracy: Floats, pattern: Floats) -> Floats:
    """Errors of people who are right with one chance and otherwise err as the pattern's rows say: people x true x said."""
    size = len(pattern)
    wrong = pattern * (1 - np.eye(size))
    sums = wrong.sum(axis=1, keepdims=True)
    wrong = np.divide(wrong, sums, out=np.zeros_like(wrong), where=sums > 0)
    found: Floats = accuracy[:, None, None] * np.eye(size) + (1 - accuracy)[:, None, None] * wrong
    return found


def _smoothed(counts: Floats, towards: Floats, weight: float) -> Floats:
    """Shares of counts in the last axis, drawn towards others by a weight in votes."""
    total = counts.sum(axis=-1, keepdims=True) + weight
    found: Floats = np.divide(counts + weight * towards, total, out=towards * np.ones_like(counts), where=total > 0)
    return found


def _log_errors(votes: VoteArrays, errors: Floats) -> Floats:
    """Logarithm of the chance of each vote for each true name, votes x names."""
    logs: Floats = np.log(np.maximum(errors, 1e-12))[votes.people, :, votes.names]
    return logs


def _log_shares(beliefs: Floats, rule: Prior) -> Floats:
    """Logarithm of the shares of names, the same for each image."""
    counts = beliefs.sum(axis=0) + rule.shares
    found: Floats = np.log(np.maximum(counts / max(counts.sum(), 1e-12), 1e-12)) * np.ones_like(beliefs)
    return found


def _logs(model: Floats) -> Floats:
    """Logarithm of a model's beliefs, even where it has none."""
    known = np.where(np.isnan(model), 1 / model.shape[1], model)
    found: Floats = np.log(np.maximum(known, LEAST_BELIEF))
    return found


def _power(logs: Floats, beliefs: Floats, power: float) -> float:
    """The power of the model's beliefs that explains today's beliefs best, by Newton's method, from 0 to 2."""
    wanted = (beliefs * logs).sum()
    for _ in range(5):
        shares = _shares(power * logs)
        mean = (shares * logs).sum(axis=1)
        curvature = ((shares * logs**2).sum(axis=1) - mean**2).sum()
        if curvature < 1e-9:
            break
        power = float(np.clip(power + (wanted - mean.sum()) / curvature, 0.0, 2.0))
    return power


def _shares(logs: Floats) -> Floats:
    exponents = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    shares: Floats = exponents / exponents.sum(axis=1, keepdims=True)
    return shares
