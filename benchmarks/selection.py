"""Selection beside LightlyStudio and its engine, side by side in one run.

`make bench-selection` draws vectors (uneven heaps with few directions of their own, length 1), lets both sides pick in turn,
from one first row on and each in a process of its own, and prints the time of ours as a share of theirs, the coverage radius
of both, and the time that reading all vectors once a pick would take (N x picks x D numbers at the rate measured here).
Then LightlyStudio whole, with its database (`benchmarks/selection_studio.py`), where `.venv-lightly-studio` is installed.
`--rows`, `--counts` and `--studio-rows` cut the sizes. Ratios are of CPU time and, in brackets, of wall time; on a busy machine
only the former means something.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.selection_studio import STUDIO_PYTHON, print_beside_auto, print_steps
from benchmarks.selection_vectors import draw_vectors, radius, rank_correlation
from benchmarks.timed_steps import as_seconds

ROOT = Path(__file__).parents[1]
PYTHONS = {"nightlens": sys.executable, "mundig": str(ROOT / ".venv-bench/bin/python")}
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
TYPICALITY_ROWS, TYPICALITY_WIDTH, NEIGHBORS = 20_000, 512, 20
AUTO = {"auto, 1,000 picks": (100_000, 1280, 1000, np.float32), "auto, 10,000 picks": (1_000_000, 256, 10_000, np.float16)}
AUTO_WANTED = {100_000: ", wanted at most 20 s and 4 GB"}
STUDIO_ROWS, STUDIO_WIDTH, STUDIO_COUNT = 10_000, 512, 500
AUTO_BESIDE_STUDIO = 100_000
"""Of this size `auto` stands beside LightlyStudio."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="make bench-selection")
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 50_000, 100_000])
    parser.add_argument("--widths", type=int, nargs="*", default=[512, 1280])
    parser.add_argument("--counts", type=int, nargs="*", default=[500, 2000])
    parser.add_argument("--typicality-rows", type=int, default=TYPICALITY_ROWS)
    parser.add_argument("--auto-rows", type=int, default=1_000_000, help="leave out `auto` on larger pools")
    parser.add_argument("--threads", type=int, default=1, help="of BLAS; mundig has one thread")
    parser.add_argument("--mundig", default=PYTHONS["mundig"], help="the Python that has lightly-mundig")
    parser.add_argument("--studio-rows", type=int, default=AUTO_BESIDE_STUDIO, help="no more in LightlyStudio; 0: leave it out")
    parser.add_argument("--studio-limit-s", type=float, default=600, help="of wall time, for its selection and for its typicality")
    given = parser.parse_args()
    if given.studio_rows and not STUDIO_PYTHON.exists():
        given.studio_rows = 0
        print("LightlyStudio is left out: .venv-lightly-studio is not installed, `make bench-selection` does that")
    PYTHONS["mundig"] = given.mundig
    THREADS.update(dict.fromkeys(THREADS, str(given.threads)))
    read_bytes_a_s = _read_rate()
    print(f"memory is read at {read_bytes_a_s / 1e9:.1f} GB/s by one thread")
    print(_machine())
    print("k-centre: seconds of CPU (wall)")
    with tempfile.TemporaryDirectory() as folder:
        for rows in given.rows:
            for width in given.widths:
                for count in given.counts:
                    _k_centre(Path(folder), rows, width, count, read_bytes_a_s)
        if given.typicality_rows:
            _typicality(Path(folder), given.typicality_rows)
        if given.studio_rows:
            vectors = draw_vectors(min(STUDIO_ROWS, given.studio_rows), STUDIO_WIDTH)
            print_steps(vectors, STUDIO_COUNT, given.studio_limit_s, THREADS)
        for name, (rows, width, count, kind) in AUTO.items():
            if rows <= given.auto_rows:
                vectors = draw_vectors(rows, width).astype(kind)
                _auto(Path(folder), name, vectors, count)
                if rows == AUTO_BESIDE_STUDIO <= given.studio_rows:
                    print_beside_auto(vectors, count, given.studio_limit_s, THREADS)


def _k_centre(folder: Path, rows: int, width: int, count: int, read_bytes_a_s: float) -> None:
    vectors = draw_vectors(rows, width)
    (ours, picks), (theirs, other_picks) = (_run(folder, side, "diversity", vectors, count) for side in ("nightlens", "mundig"))
    reach, other_reach = radius(vectors, picks.astype(np.int64)), radius(vectors, other_picks.astype(np.int64))
    bound = rows * count * width * 4 / read_bytes_a_s
    print(
        f"{rows:7} x {width:4}, {count:5} picks: {as_seconds(ours)} against {as_seconds(theirs)}, "
        f"ratio {ours['cpu_s'] / theirs['cpu_s']:.3f} ({ours['wall_s'] / theirs['wall_s']:.3f}), "
        f"wanted {0.1 if rows >= 50_000 else 0.5}; read bound {bound:.1f} s; "
        f"radius {reach:.4f} against {other_reach:.4f}, {reach / other_reach - 1:+.2%}",
        flush=True,
    )


def _typicality(folder: Path, rows: int) -> None:
    vectors = draw_vectors(rows, TYPICALITY_WIDTH)
    (ours, scores), (theirs, other) = (_run(folder, side, "typicality", vectors, NEIGHBORS) for side in ("nightlens", "mundig"))
    print(
        f"typicality of {rows} x {TYPICALITY_WIDTH}: {as_seconds(ours)} against {as_seconds(theirs)}, "
        f"ratio {ours['cpu_s'] / theirs['cpu_s']:.3f} ({ours['wall_s'] / theirs['wall_s']:.3f}), wanted 0.15; "
        f"rank correlation {rank_correlation(scores, other):.5f}",
        flush=True,
    )


def _auto(folder: Path, name: str, vectors: npt.NDArray[np.floating], count: int) -> None:
    ours, picks = _run(folder, "nightlens", "auto", vectors, count)
    took = f"{as_seconds(ours)}, {ours['peak_bytes'] / 1e9:.1f} GB{AUTO_WANTED.get(len(vectors), '')}"
    print(f"{name} of {vectors.shape[0]} x {vectors.shape[1]} {vectors.dtype}: {took}", flush=True)
    assert len(set(picks.tolist())) == count


def _run(
    folder: Path, side: str, kind: str, vectors: npt.NDArray[np.floating], count: int
) -> tuple[dict[str, float], npt.NDArray[np.float64]]:
    """Cost, and the result."""
    file, result_file = folder / "vectors.npy", folder / "answer.npy"
    np.save(file, vectors)
    arguments = [side, kind, str(file), str(count), str(result_file)]
    command = [PYTHONS[side], str(Path(__file__).with_name("selection_side.py")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | THREADS)
    if done.returncode:
        sys.exit(f"{side}: {done.stderr[-2000:]}")
    return json.loads(done.stdout), np.load(result_file)


def _read_rate() -> float:
    block = np.ones(64_000_000, np.float32)
    began = time.perf_counter()
    block.max()
    return block.nbytes / (time.perf_counter() - began)


def _machine() -> str:
    """The processor, what of it matters to products of matrices, and how busy the machine is."""
    known = [
        line.split(":", 1)[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("model name", "flags"))
    ]
    flags = [flag for flag in known[1].split() if flag.startswith(("avx2", "fma", "avx512f", "avx512_vnni", "amx"))]
    return f"{known[0].strip()}, {os.cpu_count()} cores, {' '.join(flags)}; load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
