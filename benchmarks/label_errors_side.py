"""cleanlab's side of `benchmarks.label_errors`, run in an environment that has it: label quality scores of given probabilities.

python label_errors_side.py GIVEN.npz SCORES.npz      labels N and beliefs N x C in, one array of N a method out
"""

from __future__ import annotations

import sys

import numpy as np
from cleanlab.rank import get_label_quality_scores

METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")


def main() -> None:
    """Score the labels by each method; a low score is a doubtful label."""
    given = np.load(sys.argv[1])
    scores = {one: get_label_quality_scores(given["labels"], given["beliefs"], method=one) for one in METHODS}
    np.savez(sys.argv[2], **scores)


if __name__ == "__main__":
    main()
