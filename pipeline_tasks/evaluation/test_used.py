"""Uses of a test set: each decision on the same images leaves the next one a little less worth."""

from __future__ import annotations

from collections.abc import Collection

LIKELY = 0.5
"""Chance from which on luck is likelier than not, and is warned of: 28 decisions at 95 %."""


def decisions_on(now: Collection[str], before: Collection[str], decisions_before: float) -> float:
    """Decisions for which an image of the test was used, on average, with tonight's.

    `before` are the test images of the last decision, each of which had been used for `decisions_before` on average; images that
    are new in test had been used for none. Exact as long as test only grows.
    """
    if not now:
        return 0.0
    known = set(before)
    return 1.0 + decisions_before * sum(one in known for one in now) / len(now)


def chance_of_luck(decisions: float, confidence: float) -> float:
    """Chance that of so many candidates, each just as bad as the gate must not let pass, one passes all the same.

    Each passes with half of what the interval leaves out. Later candidates are trained in view of earlier decisions, which adds to
    it (Dwork et al., The reusable holdout, Science 349, 2015), and errors on the same images go together, which takes from it.
    """
    return float(1.0 - (0.5 + confidence / 2) ** decisions)


def why_worn(decisions: float, confidence: float) -> str:
    """Warning of a test that was used often; empty for one that was not."""
    chance = chance_of_luck(decisions, confidence)
    if chance <= LIKELY:
        return ""
    return (
        f"Each test image was used for {decisions:.0f} decisions on average. Of so many candidates that must not pass, "
        f"one passes by luck with a chance of {100 * chance:.0f} %. Let new images into test: label more random ones "
        "(selection.control_ratio), and look at those of the last nights (splits.recent_cycles)."
    )
