"""What choosing images was worth, against drawing as many at random.

Two learning curves: heads on the first labels that people were asked for, as the project asked for them (the control arm's own
share among them), and heads on equally many of the control arm of all cycles; at a quarter, half, three quarters and all of the
labels that the control arm has. What counts is the mean distance of the curves (as the area under them: Guyon et al. 2011,
Results of the Active Learning Challenge). All heads answer images of the control arm that none was fitted on and that were
drawn in later cycles than any of those first labels: the strategy knows what the control arm covers and leaves its like out, so
images drawn before would not tell what it learnt. A fold's score is the mean recall of the classes in it, so that which
classes count, and how much, does not hang on what the control arm has to learn from; a class that is rarer than a fold can show
weighs less.

What it cannot tell: whether what was asked for last is worth its price (only the first labels are compared, as many as were drawn);
labels that were imported count for neither head. The control arm is drawn from what nobody was asked about, so a strategy that
empties the pool of something rare is tested on less of it.

Why not what further labels add to those chosen already: there drawn labels fill what choosing left out, and are worth more where
choosing did well (docs/decisions/2026-11-22-two-learning-curves.md, also for how often the interval errs and what it can see).

The interval is that of the corrected resampled t-test (Nadeau, Bengio 2003, Inference for the generalization error, Machine
Learning 52; for repeated folds: Bouckaert, Frank 2004), since repetitions share most of their labels and are no independent looks.
The head is a ridge classifier in which all classes weigh alike (Hoerl, Kennard 1970), solved in closed form;
only the difference between the arms is meant, not how good the trained model is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.intervals.resampled import corrected_interval
from pipeline_tasks.kinds.choosing import Labelled, SelectionGain

FOLDS = 5
REPEATS = 4
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the labels that the control arm has: where the curves are compared."""
MOST_LABELS = 400
"""Of more labels so many are compared: the solve grows with their cube."""
MOST_ROWS = 2000
"""Of more images of the control arm so many are drawn once."""
RIDGE = 0.1
"""Share of the mean squared length that is added to the diagonal."""
FEWEST_IMAGES = 20
"""Fewer images to learn from or to test on tell nothing."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def why_not(labelled: Labelled) -> str:
    """Why nothing can be measured yet; empty if it can."""
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
    """Measure what as many labels are worth by either arm; `why_not` must have nothing to say. Takes about a second."""
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
    """At most `MOST_ROWS` of the control arm, and the first ones asked for: memory grows with the square of what is kept."""
    control = generator.permutation(np.flatnonzero(labelled.is_control))[:MOST_ROWS]
    kept = np.union1d(control, np.arange(min(len(labelled.is_control), MOST_ROWS)))
    columns = (labelled.embeddings, labelled.targets, labelled.groups, labelled.is_control, labelled.cycles)
    return Labelled(*(column[kept] for column in columns))


def _most(labelled: Labelled) -> int:
    """How many labels the control arm can match."""
    return min(int(labelled.is_control.sum()), MOST_LABELS)


def _tests(labelled: Labelled) -> Integers:
    """Rows of the control arm that were drawn in later cycles than the first labels that are compared."""
    return np.flatnonzero(labelled.is_control & (labelled.cycles > labelled.cycles[_most(labelled) - 1]))


def _as_many(groups: Integers, test: Integers, control: Integers) -> tuple[Integers, Integers]:
    """The first rows that people were asked for, and as many drawn ones; none shares a split group with a test image."""
    is_apart = ~np.isin(groups, groups[test])
    asked, drawn = np.flatnonzero(is_apart), control[is_apart[control]]
    labels = min(len(drawn), len(asked), MOST_LABELS)
    return asked[:labels], drawn[:labels]


def _kernel(embeddings: npt.NDArray[np.float32], control: Integers) -> Floats:
    """Inner products of all rows, centred on what arrives and scaled to length 1, and a constant that stands for the bias."""
    centred = embeddings.astype(np.float64) - embeddings[control].mean(axis=0, dtype=np.float64)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    units = centred / np.where(lengths > 0, lengths, 1)
    products: Floats = units @ units.T + 1
    return products


def _folds(groups: Integers, generator: np.random.Generator) -> Integers:
    """A fold for each row; rows of one group share theirs."""
    names, numbers = np.unique(groups, return_inverse=True)
    folds: Integers = (generator.permutation(len(names)) % FOLDS)[numbers]
    return folds


def _score(kernel: Floats, targets: Integers, rows: Integers, test: Integers) -> float:
    """Mean recall, over the classes of the test rows, of a head fitted on `rows`."""
    wanted = targets[test]
    is_right = _answers(kernel, targets, rows, test) == wanted
    images = np.bincount(wanted)
    return float((np.bincount(wanted, weights=is_right)[images > 0] / images[images > 0]).mean())


def _answers(kernel: Floats, targets: Integers, rows: Integers, test: Integers) -> Integers:
    """Ridge regression on indicators, rows of a rare class weighing as much as all of another; each test row's best class."""
    names, numbers, counts = np.unique(targets[rows], return_inverse=True, return_counts=True)
    root = np.sqrt(len(rows) / len(names) / counts[numbers])[:, None]
    system = kernel[np.ix_(rows, rows)] * root * root.T
    system[np.diag_indices(len(rows))] += RIDGE * np.trace(system) / len(rows)
    solved = np.linalg.solve(system, np.eye(len(names))[numbers] * root) * root
    answers: Integers = names[(kernel[np.ix_(test, rows)] @ solved).argmax(axis=1)]
    return answers
