"""Waves of a search: trials of one wave run side by side, and know only the results of earlier waves.

So neither the number of workers nor a kill changes what is tried. Imports nothing heavy, because DAG files read it.
"""

from __future__ import annotations

WAVES = 5
"""Fixed, because Airflow draws the tasks before it knows the number of trials."""


def trials_of_wave(wave: int, trials: int) -> range:
    """Numbers of the trials of one wave, from 0 on; waves differ by one trial at most."""
    return range(trials * wave // WAVES, trials * (wave + 1) // WAVES)


def wave_of(trial: int, trials: int) -> int:
    """The wave of a trial."""
    return next(wave for wave in range(WAVES) if trial in trials_of_wave(wave, trials))
