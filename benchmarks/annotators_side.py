"""The peers' side of `benchmarks.annotators`, run in an environment that has crowd-kit, cleanlab and krippendorff.

python annotators_side.py GIVEN.npz FOUND.npz

In: `votes K` (3 x N: image, person, name) and `model K` (images x names) of each world, or `counts` (tables x images x names).
Out: `METHOD K`, the label of each image; or `alphas`, one a table.
"""

from __future__ import annotations

import logging
import sys
import warnings

import numpy as np
import pandas as pd


def main() -> None:
    """Label the images of each world by each method, or measure each table's alpha."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    given = np.load(sys.argv[1])
    if "counts" in given:
        np.savez(sys.argv[2], alphas=_alphas(given["counts"]))
        return
    found = {}
    for key in [one for one in given if one.startswith("votes")]:
        number = key.split()[1]
        model = dict(given).get(f"model {number}")
        found |= {f"{method} {number}": labels for method, labels in _labels(given[key], model).items()}
    np.savez(sys.argv[2], **found)


def _alphas(tables: np.ndarray) -> np.ndarray:
    import krippendorff

    return np.array([krippendorff.alpha(value_counts=one, level_of_measurement="nominal") for one in tables])


def _labels(votes: np.ndarray, model: np.ndarray | None) -> dict[str, np.ndarray]:
    from cleanlab.multiannotator import get_label_quality_multiannotator
    from crowdkit.aggregation import DawidSkene

    images, people, names = votes
    rows = pd.DataFrame({"task": images, "worker": people, "label": names})
    skene = DawidSkene(n_iter=60).fit_predict(rows).sort_index()
    found = {"crowd-kit DS": skene.to_numpy().astype(int)}
    # CROWDLAB refuses sets in which no image has two votes.
    if model is not None and len(np.unique(images)) < len(images):
        table = rows.pivot(index="task", columns="worker", values="label").astype(float)
        scored = get_label_quality_multiannotator(table, model, verbose=False, return_detailed_quality=False)
        found["CROWDLAB"] = scored["label_quality"]["consensus_label"].to_numpy().astype(int)
    return found


if __name__ == "__main__":
    main()
