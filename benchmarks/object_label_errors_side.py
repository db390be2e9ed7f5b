"""cleanlab's side of `benchmarks.object_label_errors`, run in an environment that has it: ObjectLab's scores of labels.

python object_label_errors_side.py GIVEN.npz SCORES.npz      boxes of labels and predictions in, one score a label out
"""

from __future__ import annotations

import sys

import numpy as np
from cleanlab.object_detection.rank import get_label_quality_scores


def main() -> None:
    """Score the labels; a low score is a doubtful label."""
    given = np.load(sys.argv[1])
    count = sum(key.startswith("true ") for key in given)
    names = len(given["names"])
    labels = [given[f"true {number}"] for number in range(count)]
    found = [given[f"said {number}"] for number in range(count)]
    given_labels = [{"bboxes": rows[:, :4].astype(np.float32), "labels": rows[:, 4].astype(int)} for rows in labels]
    said = [np.array([rows[rows[:, 4] == one][:, [0, 1, 2, 3, 5]] for one in range(names)] + [None], object)[:-1] for rows in found]
    np.savez(sys.argv[2], scores=get_label_quality_scores(given_labels, said, verbose=False))


if __name__ == "__main__":
    main()
