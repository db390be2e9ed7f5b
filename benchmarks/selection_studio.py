"""LightlyStudio whole, not only its engine: vectors into its database, a diverse selection, typicality of all; ours the same way.

LightlyStudio lives in an environment of its own (`.venv-lightly-studio`), without its web pages and with telemetry off; what
each side does in a step is said at the top of its module. Both have one thread of BLAS; its database takes all cores.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.selection_vectors import Floats, radius, rank_correlation
from benchmarks.timed_steps import Took, as_seconds, watch_steps

ROOT = Path(__file__).parents[1]
STUDIO_PYTHON = ROOT / ".venv-lightly-studio/bin/python"
SIDES = {
    "nightlens": (sys.executable, "benchmarks.selection_stored_side"),
    "studio": (str(STUDIO_PYTHON), "benchmarks.lightly_studio_side"),
}
WANTED = {"index": 0.5, "diverse": 0.2, "typicality": 0.2}
INDEX_LIMIT_S = 7200.0
"""Without an index nothing can be compared; so it may take its time."""


def print_steps(vectors: Floats, count: int, limit_s: float, threads: Mapping[str, str]) -> None:
    """Both sides, step by step."""
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        took = _run("nightlens", Path(ours), vectors, count, INDEX_LIMIT_S, threads)
        other = _run("studio", Path(theirs), vectors, count, limit_s, threads)
        print(f"LightlyStudio, {vectors.shape[0]} x {vectors.shape[1]}: seconds of CPU (wall)")
        for step, wanted in WANTED.items():
            name = f"diverse {count}" if step == "diverse" else step
            against = _found(step, other, limit_s) + _ratio(took[step], other.get(step))
            print(f"  {name}: {as_seconds(took[step])} against {against}, wanted {wanted}")
        print(f"  memory: {_peak_gb(took):.1f} GB against {_peak_gb(other):.1f} GB")
        if other.keys() == took.keys():
            print(f"  {_agreement(vectors, Path(ours), Path(theirs))}", flush=True)


def print_beside_auto(vectors: Floats, count: int, limit_s: float, threads: Mapping[str, str]) -> None:
    """Only its side, for the row of `auto` above it."""
    with tempfile.TemporaryDirectory() as folder:
        took = _run("studio", Path(folder), vectors, count, limit_s, threads)
    steps = [f"{step} {_found(step, took, limit_s)}" for step in WANTED]
    print(f"  LightlyStudio, {count} picks: {', '.join(steps)}; {_peak_gb(took):.1f} GB up to there", flush=True)


def _run(side: str, folder: Path, vectors: Floats, count: int, limit_s: float, threads: Mapping[str, str]) -> dict[str, Took]:
    file = folder / "vectors.npy"
    np.save(file, vectors)
    python, module = SIDES[side]
    limits_s = {step: INDEX_LIMIT_S if step == "index" else limit_s for step in WANTED}
    command = [python, "-m", module, str(file), str(count), str(folder)]
    return watch_steps(command, folder, {**threads, "PYTHONPATH": str(ROOT)}, limits_s)


def _found(step: str, took: Mapping[str, Took], limit_s: float) -> str:
    """Cost of a step, or the reason why it is unknown."""
    if step in took:
        return as_seconds(took[step])
    stopped = next(one for one in WANTED if one not in took)
    limit_s = INDEX_LIMIT_S if stopped == "index" else limit_s
    return f"more than {limit_s:.0f} s, then stopped" if step == stopped else f"not known, {stopped} was stopped"


def _ratio(took: Took, other: Took | None) -> str:
    if other is None:
        return ""
    return f", ratio {took['cpu_s'] / other['cpu_s']:.3f} ({took['wall_s'] / other['wall_s']:.3f})"


def _peak_gb(took: Mapping[str, Took]) -> float:
    return max((one["peak_bytes"] for one in took.values()), default=0) / 1e9


def _agreement(vectors: Floats, ours: Path, theirs: Path) -> str:
    """Coverage of both sides, and the correlation of their typicality ranks."""
    result, other = np.load(ours / "answer.npz"), np.load(theirs / "answer.npz")
    scores = dict(zip(result["numbers"].tolist(), result["scores"].tolist(), strict=True))
    correlation = rank_correlation(np.array([scores[number] for number in other["numbers"].tolist()]), other["scores"])
    reach, other_reach = radius(vectors, result["picks"]), radius(vectors, other["picks"])
    return (
        f"radius {reach:.4f} against {other_reach:.4f}, {reach / other_reach - 1:+.2%}; "
        f"rank correlation of typicality {correlation:.5f} on {len(other['numbers'])} rows"
    )
