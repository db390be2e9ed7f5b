"""Plan of one phase of a training: its length, its steps, and the order of its examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.modelling import Grouped, Modelling
from pipeline_tasks.settings.fit import DRAWN, USUAL, FitSettings


@dataclass(frozen=True)
class Plan:
    """Settings of one phase."""

    phase: str
    max_epochs: int
    patience_epochs: int | None
    """Epochs without improvement before the fit stops; if None, the last epoch is kept."""
    learning_rate: float
    weight_decay: float
    seed: int
    checkpoint_every_epochs: int
    batch_size: int
    threads: int | None = None
    """Threads for torch; None for torch's default."""
    schedule_epochs: int | None = None
    """Epochs over which the learning rate falls; None for `max_epochs`."""
    warm_up_steps: int | None = None
    """Steps over which the learning rate rises before it falls step by step; None for a fall from epoch to epoch."""
    averaging: float | None = None
    """Decay of a moving average of the weights, which is judged and kept; None for the weights themselves."""
    shares: tuple[float, ...] | None = None
    """Relative frequency of each example in an epoch; None: each once."""
    groups: tuple[int, ...] | None = None
    """Group of each example; as many are drawn of each group, as `fit.balance_by` says. None: each example once."""
    fit: FitSettings = USUAL
    """The project's settings; those of its label kind stand above where they say nothing."""

    @property
    def decay(self) -> float | None:
        """Decay of the moving average; None for the weights themselves."""
        return self.averaging if self.fit.ema is None else self.fit.ema or None

    @property
    def falls_over_epochs(self) -> int:
        """Epochs of the schedule."""
        return self.schedule_epochs or self.max_epochs


def drawn_groups(modelling: Modelling, fit: FitSettings, targets: NDArray[Any]) -> tuple[int, ...] | None:
    """Groups of the examples with these targets if draws balance them, else None.

    Raises:
        SettingsError: the label kind does not say how its images are grouped.
    """
    if fit.balance_by not in DRAWN:
        return None
    if not isinstance(modelling, Grouped):
        raise SettingsError(f"training.fit.balance_by: found {fit.balance_by}; this label kind can only balance by weights")
    return tuple(modelling.draw_groups(targets).tolist())
