"""Gain of selected images over as many random ones.

Two learning curves: heads on the first labels in the project's own order (including the control arm's share), and heads on equally
many labels of the control arm of all cycles; at a quarter, half, three quarters and all of the control arm's labels. The gain is
the mean distance of the curves (as the area under them: Guyon et al. 2011, Results of the Active Learning Challenge). All heads
are tested on images of the control arm that none was fitted on and that were drawn in later cycles than any of the first labels:
the strategy avoids images similar to the control arm's, so images drawn earlier would not show what it learnt. A fold's score is
the mean recall of the classes in it, so that the weights of classes do not depend on the control arm's training labels; a class
too rare for some folds has less weight.

Limits: it does not show whether the latest labels are worth their price, because only the first labels are compared, as many as
were drawn. Imported labels count for neither head. The control arm is drawn from images that were not selected before, so a
strategy that exhausts a rare class is tested on less of it.

The gain of further labels on top of the selected ones is not used, because there random labels fill the gaps of the selection and
are worth more if the selection was good (docs/decisions/2026-11-22-two-learning-curves.md, also on the interval's error rate).

The interval is that of the corrected resampled t-test (Nadeau, Bengio 2003, Inference for the generalization error, Machine
Learning 52; for repeated folds: Bouckaert, Frank 2004), because repetitions share most of their labels and are not independent.
The head is a ridge classifier with equal weights of all classes (Hoerl, Kennard 1970), solved in closed form;
it measures only the difference between the arms, not the quality of the trained model.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.intervals.resampled import corrected_interval
from pipeline_tasks.kinds.choosing import Labelled, SelectionGain

FOLDS = 5
REPEATS = 4
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the control arm's labels at which the curves are compared."""
MOST_LABELS = 400
"""Maximum number of labels compared, because the cost grows with their cube."""
MOST_ROWS = 2000
"""Maximum number of images of the control arm; of more, this many are drawn once."""
RIDGE = 0.1
"""Regularization: share of the mean squared length added to the diagonal."""
FEWEST_IMAGES = 20
"""Minimum number of images to train on and to test on."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def why_not(labelled: Labelled) -> str:
    """Reason why the gain cannot be measured yet; empty if it can."""
    control = int(labelled.is_control.sum())
    found = {"drawn at random": control, "chosen": len(labelled.is_control) - control}
    for arm, images in found.items():
        if images < FEWEST_IMAGES:
            return f"{images} labelled images were {arm} so far; at least {FEWEST_IMAGES} are needed."
    tests = _tests(labelled)
    if len(tests) < FEWEST_IMAGES:
        return (
            f"{len(tests)} images were drawn at random in later cycles than the first {_most(labelled)} labels; at least "
            f"{FEWEST_IMAGES} are needed to test on."
        )
    groups, classes = (len(np.unique(of[tests])) for of in (labelled.groups, labelled.targets))
    if groups < FOLDS:
        return f"The images to test on make {groups} split groups; at least {FOLDS} are needed."
    return "" if classes > 1 else f"The images to test on are of {classes} class; at least 2 are needed."


def selection_gain(labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
    """Measure the gain; `why_not` must return an empty string. Takes about a second."""
    generator = np.random.default_rng(seed)
    labelled = _thinned(labelled, generator)
    control, tests = np.flatnonzero(labelled.is_control), _tests(labelled)
    kernel = _kernel(labelled.embeddings, control)
    scores, sizes = [], []
    for _ in range(REPEATS):
        fold_of = _folds(labelled.groups[tests], generator)
        for fold in range(FOLDS):
            test = tests[fold_of == fold]
            asked, drawn = _as_many(labelled.groups, test, generator.permutation(control))
            steps = [max(1, round(share * len(drawn))) for share in SHARES]
            curves = [[_score(kernel, labelled.targets, rows[:step], test) for step in steps] for rows in (asked, drawn)]
            scores.append(np.mean(curves, axis=1))
            picked = [int((~labelled.is_control[asked[:step]]).sum()) for step in steps]
            sizes.append([len(drawn), float(np.mean(steps)), float(np.mean(picked))])
    with_chosen, with_drawn = np.array(scores).T
    figures = (with_chosen, with_drawn, with_chosen - with_drawn)
    found = (corrected_interval(one, 1 / (FOLDS - 1), confidence) for one in figures)
    labels, mean_labels, mean_chosen = (float(size) for size in np.mean(sizes, axis=0))
    classes = len(np.unique(labelled.targets[tests]))
    return SelectionGain(round(labels), mean_labels, mean_chosen, len(tests), classes, *found)


def _thinned(labelled: Labelled, generator: np.random.Generator) -> Labelled:
    """At most `MOST_ROWS` of the control arm, and the first labels, because memory grows with the square of the number."""
    control = generator.permutation(np.flatnonzero(labelled.is_control))[:MOST_ROWS]
    kept = np.union1d(control, np.arange(min(len(labelled.is_control), MOST_ROWS)))
    columns = (labelled.embeddings, labelled.targets, labelled.groups, labelled.is_control, labelled.cycles)
    return Labelled(*(column[kept] for column in columns))


def _most(labelled: Labelled) -> int:
    """Number of labels that the control arm can match."""
    return min(int(labelled.is_control.sum()), MOST_LABELS)


def _tests(labelled: Labelled) -> Integers:
    """Rows of the control arm drawn in later cycles than the compared first labels."""
    return np.flatnonzero(labelled.is_control & (labelled.cycles > labelled.cycles[_most(labelled) - 1]))


def _as_many(groups: Integers, test: Integers, control: Integers) -> tuple[Integers, Integers]:
    """The first selected rows and as many random ones; none shares a split group with a test image."""
    is_apart = ~np.isin(groups, groups[test])
    asked, drawn = np.flatnonzero(is_apart), control[is_apart[control]]
    labels = min(len(drawn), len(asked), MOST_LABELS)
    return asked[:labels], drawn[:labels]


def _kernel(embeddings: npt.NDArray[np.float32], control: Integers) -> Floats:
    """Inner products of all rows, centred on the control arm's mean and scaled to length 1, plus a constant for the bias."""
    centred = embeddings.astype(np.float64) - embeddings[control].mean(axis=0, dtype=np.float64)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    units = centred / np.where(lengths > 0, lengths, 1)
    products: Floats = units @ units.T + 1
    return products


def _folds(groups: Integers, generator: np.random.Generator) -> Integers:
    """Fold of each row; rows of one group share it."""
    names, numbers = np.unique(groups, return_inverse=True)
    folds: Integers = (generator.permutation(len(names)) % FOLDS)[numbers]
    return folds


def _score(kernel: Floats, targets: Integers, rows: Integers, test: Integers) -> float:
    """Mean recall, over the classes of the test rows, of a head fitted on `rows`."""
    wanted = targets[test]
    is_right = _predicted(kernel, targets, rows, test) == wanted
    images = np.bincount(wanted)
    return float((np.bincount(wanted, weights=is_right)[images > 0] / images[images > 0]).mean())


def _predicted(kernel: Floats, targets: Integers, rows: Integers, test: Integers) -> Integers:
    """Predicted class of each test row, by ridge regression on indicators with equal total weight of all classes."""
    names, numbers, counts = np.unique(targets[rows], return_inverse=True, return_counts=True)
    root = np.sqrt(len(rows) / len(names) / counts[numbers])[:, None]
    system = kernel[np.ix_(rows, rows)] * root * root.T
    system[np.diag_indices(len(rows))] += RIDGE * np.trace(system) / len(rows)
    solved = np.linalg.solve(system, np.eye(len(names))[numbers] * root) * root
    predicted: Integers = names[(kernel[np.ix_(test, rows)] @ solved).argmax(axis=1)]
    return predicted
