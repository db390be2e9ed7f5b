"""Simulated roll-outs: how often an equal challenger is rolled back, how soon a bad one is, and how long a good one takes.

    python -m benchmarks.rollout [--pairs 1000] [--requests-a-second 50]

Every second the comparison looks at all outcomes so far, a minute long at 1 % of the traffic, a minute at 10 %, then at 50 %.
Rules: errors, slow answers, and wrong labels of each of four classes, whose truth comes for one request in ten. Limits are the
defaults: at most 2 % of equal challengers may ever be rolled back. The peer, Fisher's test of two proportions at 5 % a rule, looks
every ten seconds. A planted challenger has the champion's rates but in one rule; its roll-out stays at one share.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import fisher_exact

from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.rollout.comparing import Decision, Limits, compare
from pipeline_tasks.rollout.evidence import BadOutcomes

CLASSES = 4
TRUTH_RATIO = 0.1
STEPS = ((0.01, 60), (0.1, 60), (0.5, 480))
"""Share and seconds."""
GOOD_S = 5400
WITHIN_S, AT_MOST, PEER_LEVEL = 60, 0.05, 0.05


@dataclass(frozen=True)
class Rates:
    """Shares of bad outcomes of one model."""

    errors: float = 0.005
    slow: float = 0.02
    wrong: tuple[float, ...] = (0.05, 0.05, 0.05, 0.05)


PLANTED = {
    "errors, 20 % of requests": Rates(errors=0.2),
    "slow, 50 % of requests": Rates(slow=0.5),
    "wrong on 60 % of one class": Rates(wrong=(0.6, 0.05, 0.05, 0.05)),
}


def main(words: Sequence[str] | None = None) -> None:
    """Print one line a challenger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--planted", type=int, default=100)
    parser.add_argument("--requests-a-second", type=int, default=50)
    given = parser.parse_args(words)
    rate = given.requests_a_second
    print(f"{rate} requests a second, a look a second; shares with 95 % intervals")
    ends = [_rolled_out(Rates(), rate, STEPS, seed) for seed in range(given.pairs)]
    _tell_share("equal: rolled back", [end == "roll back" for end, _, _ in ends], AT_MOST)
    _tell_share("equal: rolled back by Fisher's test at each look", [peer for _, _, peer in ends])
    good = [_rolled_out(Rates(), rate, ((0.5, GOOD_S),), seed) for seed in range(given.planted)]
    proven = [second for end, second, _ in good if end == "promote"]
    told = f"median {np.median(proven):.0f} s, slowest {max(proven)} s" if proven else "never"
    print(f"equal, at 50 %: proven not worse by 2 times in {len(proven)} of {len(good)} within {GOOD_S} s, {told}", flush=True)
    for share in (0.01, 0.1, 0.5):
        for name, rates in PLANTED.items():
            found = [_rolled_out(rates, rate, ((share, 600),), seed) for seed in range(given.planted)]
            seconds = [second if end == "roll back" else np.inf for end, second, _ in found]
            median, late = float(np.median(seconds)), float(np.quantile(seconds, 0.95, method="higher"))
            kept = "kept" if late <= WITHIN_S else "MISSED"
            figures = f"rolled back after {median:.0f} s, slowest twentieth {late:.0f} s"
            print(f"{share:.0%} of traffic, {name}: {figures}; within {WITHIN_S} s: {kept}, {late / WITHIN_S:.2f} ×", flush=True)


def _tell_share(words: str, found: Sequence[bool], at_most: float | None = None) -> None:
    share = float(np.mean(found))
    low, high = wilson(share, len(found), 0.95)
    kept = (
        ""
        if at_most is None
        else f", at most {100 * at_most:g} %: {'kept' if share <= at_most else 'MISSED'}, {share / at_most:.2f} ×"
    )
    print(f"{words} {100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f}){kept}", flush=True)


def _rolled_out(challenger: Rates, rate: int, steps: Sequence[tuple[float, int]], seed: int) -> tuple[Decision, int, bool]:
    """Decision, its second, and whether the peer would have rolled back at any look until then."""
    generator, limits = np.random.default_rng(seed), Limits()
    seen: dict[str, list[BadOutcomes]] = {name: [] for name in _bad_chances(challenger)}
    asked = np.zeros(2)
    second, peer = 0, False
    decision: Decision = "hold"
    for share, seconds in steps:
        for name in seen:
            seen[name].append(BadOutcomes(share, 0, 0))
        for _ in range(seconds):
            second += 1
            mine = generator.binomial(rate, share)
            asked += (mine, rate - mine)
            for name, (one, other) in _outcomes(generator, challenger, mine, rate - mine).items():
                last = seen[name][-1]
                seen[name][-1] = replace(last, challenger=last.challenger + one, champion=last.champion + other)
            decision = compare(seen, limits).decision
            peer = peer or (second % 10 == 0 and _peer(seen, asked))
            if decision == "roll back":
                return decision, second, peer
            if decision == "promote" and share == steps[-1][0]:
                return decision, second, peer
    return decision, second, peer


def _bad_chances(rates: Rates) -> dict[str, float]:
    """Chance of a request's bad outcome by each rule."""
    wrong = {f"wrong on class {number}": TRUTH_RATIO / CLASSES * one for number, one in enumerate(rates.wrong)}
    return {"errors": rates.errors, "slow answers": rates.slow} | wrong


def _outcomes(generator: np.random.Generator, challenger: Rates, mine: int, theirs: int) -> dict[str, tuple[int, int]]:
    """Bad outcomes of a second."""
    pairs = zip(_bad_chances(challenger).items(), _bad_chances(Rates()).values(), strict=True)
    return {name: (int(generator.binomial(mine, one)), int(generator.binomial(theirs, other))) for (name, one), other in pairs}


def _peer(seen: dict[str, list[BadOutcomes]], asked: np.ndarray) -> bool:
    for outcomes in seen.values():
        bad = np.array([sum(one.challenger for one in outcomes), sum(one.champion for one in outcomes)])
        if fisher_exact(np.stack([bad, asked - bad]).astype(int), alternative="greater").pvalue < PEER_LEVEL:
            return True
    return False


if __name__ == "__main__":
    main()
