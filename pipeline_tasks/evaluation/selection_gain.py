"""What choosing pictures was worth, against drawing as many at random.

Three heads are fitted on embeddings: one on labels that the strategy chose, one on the same and as many chosen ones more as there
are labels drawn at random, one on the same and those drawn at random instead. All answer pictures of the control arm that none was
fitted on, for these are what arrives. Which labels and which pictures are which is drawn again and again: ten folds over split
groups, several times. What the second and the third head gain over the first is what labels of either arm are worth where the
project stands. Fitting on either arm's labels alone would be no fair match: there are ten times fewer of the control arm, and what
is chosen beside many other labels (the rare, the doubtful) is worth little without them; in trials that showed a loss where ten
times as many chosen labels were better than as many drawn ones.

The interval is that of the corrected resampled t-test (Nadeau, Bengio 2003, Inference for the generalization error, Machine
Learning 52; for repeated folds: Bouckaert, Frank 2004), since repetitions share most of their labels and are no independent looks.
In trials with no difference between the arms a bootstrap over test pictures alone, which knows nothing of the luck in the labels,
claimed one in 11 to 31 % of cases; this interval, on either arm alone, in at most 1 %. As it is built here it was tried with more
labels and a third repetition only: none of 50. With the settings below, 1 of 8 seeds of a set where nothing can help claimed one.
The head is a ridge classifier in which all classes weigh alike (Hoerl, Kennard 1970), solved in closed form;
only the difference between the arms is meant, not how good the trained model is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.intervals.resampled import Estimate, corrected_interval

FOLDS = 10
REPEATS = 2
MOST_LABELS = 400
"""Of more labels so many are drawn each time: the solve grows with their cube."""
MOST_ROWS = 2000
"""Of more pictures of an arm so many are drawn once."""
RIDGE = 0.1
"""Share of the mean squared length that is added to the diagonal."""
FEWEST_IMAGES = 20
"""Fewer pictures of an arm tell nothing."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """All labelled pictures of both arms, N of them."""

    embeddings: npt.NDArray[np.float32]
    """N x D."""
    class_numbers: Integers
    groups: Integers
    """Number of each one's split group."""
    is_control: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SelectionGain:
    """Balanced accuracies from 0 to 1 on pictures drawn at random, by what the head was fitted on."""

    base_labels: int
    """Chosen labels that all heads were fitted on, as a rule."""
    labels: int
    """That either arm adds."""
    test_images: int
    classes: int
    """That are counted: with enough pictures in the control arm."""
    base: Estimate
    """Score without the added labels."""
    chosen: Estimate
    """What as many chosen labels add to it."""
    drawn: Estimate
    """What as many labels drawn at random add to it."""
    difference: Estimate


def why_not(labelled: Labelled, min_images: int) -> str:
    """Why nothing can be measured yet; empty if it can."""
    control = int(labelled.is_control.sum())
    found = {"drawn at random": control, "chosen": len(labelled.is_control) - control}
    for arm, images in found.items():
        if images < FEWEST_IMAGES:
            return f"{images} labelled pictures were {arm} so far; at least {FEWEST_IMAGES} are needed."
    groups = len(np.unique(labelled.groups[labelled.is_control]))
    if groups < FOLDS:
        return f"The pictures drawn at random make {groups} split groups; at least {FOLDS} are needed."
    counted = len(_counted(labelled, min_images))
    return "" if counted > 1 else f"{counted} classes have {min_images} pictures drawn at random; at least 2 are needed."


def selection_gain(labelled: Labelled, *, min_images: int, confidence: float, seed: int) -> SelectionGain:
    """Measure what a label is worth by either arm; `why_not` must have nothing to say.

    `min_images` are the pictures in the control arm from which a class counts. Takes about a second.
    """
    generator = np.random.default_rng(seed)
    labelled = _thinned(labelled, generator)
    control, chosen = _arms(labelled)
    weights = _weights(labelled, control, _counted(labelled, min_images))
    kernel = _kernel(labelled.embeddings, control)
    scores, sizes = [], []
    for _ in range(REPEATS):
        fold_of = _folds(labelled.groups[control], generator)
        for fold in range(FOLDS):
            test, rest = control[fold_of == fold], generator.permutation(control[fold_of != fold])
            base, more, drawn = _draw(rest, generator.permutation(chosen))
            fits = (base, np.concatenate([base, more]), np.concatenate([base, drawn]))
            scores.append([_score(kernel, labelled.class_numbers, rows, test, weights) for rows in fits])
            sizes.append((len(base), len(drawn)))
    alone, with_chosen, with_drawn = np.array(scores).T
    figures = (alone, with_chosen - alone, with_drawn - alone, with_chosen - with_drawn)
    found = (corrected_interval(one, 1 / (FOLDS - 1), confidence) for one in figures)
    base_labels, added = (round(size) for size in np.mean(sizes, axis=0))
    return SelectionGain(base_labels, added, len(control), len(_counted(labelled, min_images)), *found)


def _thinned(labelled: Labelled, generator: np.random.Generator) -> Labelled:
    """At most `MOST_ROWS` of either arm, for memory grows with the square of what is kept."""
    order = generator.permutation(len(labelled.is_control))
    arms = (order[labelled.is_control[order]], order[~labelled.is_control[order]])
    kept = np.sort(np.concatenate([arm[:MOST_ROWS] for arm in arms]))
    return Labelled(labelled.embeddings[kept], labelled.class_numbers[kept], labelled.groups[kept], labelled.is_control[kept])


def _draw(rest: Integers, chosen: Integers) -> tuple[Integers, Integers, Integers]:
    """Chosen labels for all heads, chosen ones to add and drawn ones to add; of what is chosen at least half is for all."""
    added = min(len(rest), len(chosen) // 2, MOST_LABELS // 2)
    return chosen[added:MOST_LABELS], chosen[:added], rest[:added]


def _arms(labelled: Labelled) -> tuple[Integers, Integers]:
    """Rows of the control arm, and of the strategy's picks that share no split group with it: no test picture may leak."""
    control = np.flatnonzero(labelled.is_control)
    is_apart = ~np.isin(labelled.groups, labelled.groups[control])
    return control, np.flatnonzero(~labelled.is_control & is_apart)


def _counted(labelled: Labelled, min_images: int) -> Integers:
    """Classes with enough pictures in the control arm."""
    return np.flatnonzero(np.bincount(labelled.class_numbers[labelled.is_control]) >= min_images)


def _weights(labelled: Labelled, control: Integers, counted: Integers) -> Floats:
    """What each row counts in a test: every counted class as much as any other, over the whole control arm."""
    numbers = labelled.class_numbers
    images = np.bincount(numbers[control], minlength=int(numbers.max()) + 1)
    return np.where(np.isin(numbers, counted), 1 / np.maximum(images[numbers], 1), 0.0)


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


def _score(kernel: Floats, class_numbers: Integers, rows: Integers, test: Integers, weights: Floats) -> float:
    """Share of the test rows' weight that a head fitted on `rows` answers rightly."""
    whole = weights[test].sum()
    is_right = _answers(kernel, class_numbers, rows, test) == class_numbers[test]
    return float(weights[test][is_right].sum() / whole) if whole else 0.0


def _answers(kernel: Floats, class_numbers: Integers, rows: Integers, test: Integers) -> Integers:
    """Ridge regression on indicators, rows of a rare class weighing as much as all of another; each test row's best class."""
    names, numbers, counts = np.unique(class_numbers[rows], return_inverse=True, return_counts=True)
    root = np.sqrt(len(rows) / len(names) / counts[numbers])[:, None]
    system = kernel[np.ix_(rows, rows)] * root * root.T
    system[np.diag_indices(len(rows))] += RIDGE * np.trace(system) / len(rows)
    solved = np.linalg.solve(system, np.eye(len(names))[numbers] * root) * root
    answers: Integers = names[(kernel[np.ix_(test, rows)] @ solved).argmax(axis=1)]
    return answers
