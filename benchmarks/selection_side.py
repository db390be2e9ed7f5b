"""One side of `benchmarks/selection.py` in a process of its own: python selection_side.py SIDE KIND VECTORS COUNT ANSWER.

SIDE is `nightlens` or `mundig`, KIND `diversity`, `typicality` or `auto`. Only the work itself is timed, not the import or the
reading. Diversity starts from row 0. ANSWER takes the picks or scores; a line of JSON says what it took. It runs in both
environments: numpy beside its side.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt


def main() -> None:
    """Do it once."""
    side, kind, file, count, result_file = sys.argv[1:]
    vectors = np.load(file)
    work = {"nightlens": _nightlens, "mundig": _mundig}[side](kind)
    wall, cpu = time.perf_counter(), time.process_time()
    result = work(vectors, int(count))
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    np.save(result_file, np.asarray(result))
    print(json.dumps(took | {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def _nightlens(kind: str):
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from pipeline_tasks.neighbors.cosine import unit_rows
    from pipeline_tasks.selection.choosing import choose
    from pipeline_tasks.selection.typicality import typicality

    if kind == "typicality":
        return lambda vectors, count: typicality(unit_rows(vectors), count)
    if kind == "diversity":
        return lambda vectors, count: [0, *choose(vectors, budget=count - 1, seed=0, labelled=[0], objectives=kind).picks]
    return lambda vectors, count: choose(vectors, budget=count, seed=0, objectives=kind).picks


def _mundig(kind: str):
    import lightly_mundig

    def pick(vectors: npt.NDArray[np.float32], count: int) -> list[int]:
        selection = lightly_mundig.Selection()
        selection.add_diversifying_strategy(vectors, 1.0)
        return list(selection.run_selection([0], len(vectors), count))

    def score(vectors: npt.NDArray[np.float32], count: int) -> list[float]:
        return list(lightly_mundig.Typicality(vectors).calculate_typicality(count))

    return {"diversity": pick, "typicality": score}[kind]


if __name__ == "__main__":
    main()
