"""cleanlab's side of `benchmarks.object_label_errors`, run in an environment that has it: scores of labels.

python object_label_errors_side.py GIVEN.npz SCORES.npz      labels and predictions in, scores out

Of boxes: ObjectLab's score of each label (`scores`), of each box (`label N`) and of each prediction as an overlooked box (`said N`;
1: it is none). Of masks (`shares` are given): scores by both methods, `softmin` and `num_pixel_issues`.
"""

from __future__ import annotations

import sys

import numpy as np


def main() -> None:
    """Score the labels; a low score is a doubtful label."""
    given = np.load(sys.argv[1])
    np.savez(sys.argv[2], **(_of_masks(given) if "shares" in given else _of_boxes(given)))


def _of_masks(given) -> dict[str, np.ndarray]:
    from cleanlab.segmentation.rank import get_label_quality_scores

    shares = given["shares"].astype(np.float32)
    methods = ("softmin", "num_pixel_issues")
    return {one: get_label_quality_scores(given["labels"], shares, method=one, n_jobs=1, verbose=False)[0] for one in methods}


def _of_boxes(given) -> dict[str, np.ndarray]:
    from cleanlab.object_detection import rank

    count = sum(key.startswith("true ") for key in given)
    names = range(len(given["names"]))
    labels = [given[f"true {number}"] for number in range(count)]
    found = [given[f"said {number}"] for number in range(count)]
    labels = [{"bboxes": rows[:, :4].astype(np.float32), "labels": rows[:, 4].astype(int)} for rows in labels]
    said = [np.array([rows[rows[:, 4] == one][:, [0, 1, 2, 3, 5]] for one in names] + [None], object)[:-1] for rows in found]
    # cleanlab takes the predictions name by name.
    order = [np.concatenate([np.flatnonzero(rows[:, 4] == one) for one in names]) for rows in found]
    scores = {"scores": rank.get_label_quality_scores(labels, said, verbose=False)}
    badly = rank.compute_badloc_box_scores(labels=labels, predictions=said)
    swapped = rank.compute_swap_box_scores(labels=labels, predictions=said)
    overlooked = rank.compute_overlooked_box_scores(labels=labels, predictions=said)
    for number in range(count):
        scores[f"label {number}"] = np.minimum(badly[number], swapped[number])
        missing = np.ones(len(order[number]))
        missing[order[number].astype(int)] = np.nan_to_num(overlooked[number], nan=1.0)
        scores[f"said {number}"] = missing
    return scores


if __name__ == "__main__":
    main()
