"""Rule by which a training starts from the champion's weights or from scratch."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.settings.fit import FitSettings

SHOWN_IMAGES = 3
"""Images that a reason names."""


@dataclass(frozen=True)
class ChampionTraining:
    """Facts on the champion's training beside those of today's."""

    cycle_id: str
    cannot_start: str
    """Reason why its weights do not fit today's network, as a sentence; empty if they do."""
    taught: tuple[str, ...]
    """Validation and test images of today's version on which it was trained, or whose like it was trained on."""
    has_other_settings: bool
    """True if it was trained with other settings than today's."""
    images: int
    """Training images that it had."""
    trainings_since_scratch: int


def why_from_scratch(fit: FitSettings, champion: ChampionTraining | None, images: int) -> str:
    """Reason to start from scratch, as a sentence; empty: start from the champion. `images` is today's number to train on."""
    if champion is None:
        return "There is no champion yet."
    if champion.cannot_start:
        return champion.cannot_start
    if champion.taught:
        shown = ", ".join(one[:12] for one in champion.taught[:SHOWN_IMAGES])
        return (
            f"{len(champion.taught)} images of today's validation and test are among those, or like those, that the champion was "
            f"trained on, so a network that starts from it could not be judged on them: {shown}"
            f"{' …' if len(champion.taught) > SHOWN_IMAGES else ''}."
        )
    return _of_rule(fit, champion, images) if fit.start_from == "auto" else ""


def _of_rule(fit: FitSettings, champion: ChampionTraining, images: int) -> str:
    """Reason of the rule `auto`."""
    if champion.has_other_settings:
        return f"The settings of the training are others than those of the champion (cycle {champion.cycle_id})."
    most = champion.images * (1 + fit.most_growth_ratio)
    if images > most:
        limit = f"most_growth_ratio {fit.most_growth_ratio:g}"
        return f"The training images grew from {champion.images} to {images}, by more than {limit}."
    if champion.trainings_since_scratch + 1 >= fit.scratch_every:
        return (
            f"{champion.trainings_since_scratch} trainings in a row started from their champion; each of "
            f"scratch_every {fit.scratch_every} starts from scratch."
        )
    return ""


def why_from_champion(champion: ChampionTraining, images: int) -> str:
    """The reason to start from the champion, as a sentence."""
    then = f"the champion of cycle {champion.cycle_id}, which had {champion.images} training images"
    return f"It starts from {then}; today there are {images}."
