"""Default training settings beside searched ones, on folders of labelled images: balanced accuracy on test images, and seconds.

    python -m benchmarks.search                         tiles of NIGHTLENS_DATA, by default ../shared/data
    python -m benchmarks.search FOLDER --splits 3 --trials 20 --images 300

For each split a third of the groups is test, and of the rest about `--images` images are drawn for training and validation. The
search sees these alone: trials, proof on fresh folds and choice are those of the stages. Then a head is fitted with the default and
one with the chosen settings, as a night fits it, and both meet the test images. Files that are numbered near each other
(`exp1_num_4727.jpg`) are one group. `chosen` is the default where the proof did not hold.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline_tasks.augmentations.policy import FOR_WHOLE_IMAGES as DEFAULT_VIEWS
from pipeline_tasks.augmentations.policy import policy_of
from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.models.cross_validation import Folds, Judged, cross_validated, with_views
from pipeline_tasks.models.folds import group_folds, rows_of
from pipeline_tasks.models.head_training import EmbeddedImages, HeadTraining, joined, train_head, train_head_on_all
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.search.choosing import best_trial, proof
from pipeline_tasks.search.proposing import proposed
from pipeline_tasks.search.pruning import is_hopeless
from pipeline_tasks.search.space import FOR_WHOLE_IMAGES, Space, present_values
from pipeline_tasks.search.waves import WAVES, trials_of_wave
from pipeline_tasks.settings import BackboneSettings, TrainingSettings
from pipeline_tasks.settings.search import Value, changed_training
from pipeline_tasks.stages.search.choose_settings import PROOF_FOLDS
from pipeline_tasks.stages.search.open_search import FOLDS

OWN = TrainingSettings()
SCORE = "balanced_accuracy"
Values = Mapping[str, Value | None]
Hopeless = Callable[[Sequence[float]], bool]
Judge = Callable[[Values, int, int, Hopeless], Judged]
MAX_STEP = 2000
VAL_PART = 5
"""A fifth of the training images are validation images when the heads are fitted, as a night has."""


def main(words: Sequence[str] | None = None) -> None:
    """Print a line for each split, and the mean difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("NIGHTLENS_DATA", "../shared/data"))
    parser.add_argument("folder", type=Path, nargs="?", default=data / "tiles" / "images")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-search")
    given = parser.parse_args(words)
    names, everything = embedded(given.folder, given.cache)
    print(f"{given.folder}: {everything.plain_count} images, {len(names)} names, {given.trials} trials, {given.images} images each")
    gains = [_split(ClassModelling(names), everything, given.images, given.trials, seed) for seed in range(given.splits)]
    print(f"mean gain {np.mean(gains):+.4f} of {len(gains)} splits, from {min(gains):+.4f} to {max(gains):+.4f}")


def _split(modelling: ClassModelling, everything: EmbeddedImages, images: int, trials: int, seed: int) -> float:
    """Search, fit both and compare; prints a line."""
    is_test = group_folds(everything, 3, seed) == 0
    is_plain = np.arange(len(is_test)) < everything.plain_count
    test, pool = rows_of(everything, is_test & is_plain), rows_of(everything, ~is_test)
    share = max(1, round(pool.plain_count / images))
    learnt = rows_of(pool, group_folds(pool, share, seed + 1) == 0)
    with tempfile.TemporaryDirectory() as name:
        began = time.process_time()
        best, holds, pruned = searched(modelling, learnt, trials, seed, Path(name))
        seconds = time.process_time() - began
        chosen = changed_training(OWN, best.values) if holds else OWN
        own, found, tried = (
            _tested(modelling, learnt, test, one, seed, Path(name)) for one in (OWN, chosen, changed_training(OWN, best.values))
        )
    told = f"default {own:.4f}  chosen {found:.4f} ({'proven' if holds else 'default stays'})  best trial unproven {tried:.4f}"
    print(
        f"split {seed}: {told}  {pruned} ended early, {seconds:.0f} s of processor for the search; {dict(best.values)}", flush=True
    )
    return found - own


def searched(
    modelling: ClassModelling, learnt: EmbeddedImages, trials: int, seed: int, folder: Path
) -> tuple[FinishedTrial, bool, int]:
    """The best trial, if its proof holds, and the number of trials that were ended early."""

    def judge(values: Values, folds: int, seed: int, hopeless: Hopeless) -> Judged:
        given = modelling, changed_training(OWN, values), SCORE, folder, hopeless
        return cross_validated(_folds(learnt, values, folds, seed), *given)

    return searched_by(judge, FOR_WHOLE_IMAGES, trials, seed)


def searched_by(judge: Judge, space: Space, trials: int, seed: int) -> tuple[FinishedTrial, bool, int]:
    """The same for any kind, as the stages do it; `judge` cross-validates settings."""
    found: list[FinishedTrial] = []
    for wave in range(WAVES):
        numbers, earlier = trials_of_wave(wave, trials), list(found)
        drawn = proposed(space, OWN, earlier, len(numbers), derive_seed(seed, "search", "wave", str(wave)))
        for number, values in zip(numbers, drawn, strict=True):
            tried = present_values(space, OWN) if number == 0 else dict(values)
            judged = judge(tried, FOLDS, derive_seed(seed, "search", "folds"), partial(is_hopeless, earlier=earlier))
            found.append(FinishedTrial(number, tried, judged.losses, judged.is_ended_early, float(np.mean(judged.scores))))
    best, fresh = best_trial(found), derive_seed(seed, "search", "proof")
    losses = [judge(one.values, PROOF_FOLDS, fresh, lambda losses: False).losses for one in (found[0], best)]
    return best, best.number > 0 and proof(*losses).holds, sum(one.is_pruned for one in found)


def _folds(learnt: EmbeddedImages, values: Values, folds: int, seed: int) -> Folds:
    views = values.get("augmented_views", OWN.augmented_views)
    return Folds(with_views(learnt, OWN.augmented_views, int(views or 0)), folds, seed)


def _tested(
    modelling: ClassModelling, learnt: EmbeddedImages, test: EmbeddedImages, settings: TrainingSettings, seed: int, folder: Path
) -> float:
    """Balanced accuracy of a head fitted as a night fits it."""
    used = with_views(learnt, OWN.augmented_views, settings.augmented_views)
    is_val = group_folds(used, VAL_PART, seed) == 0
    is_plain = np.arange(len(is_val)) < used.plain_count
    train, val = rows_of(used, ~is_val), rows_of(used, is_val & is_plain)
    how = HeadTraining(modelling, settings, seed, Journal(), folder)
    head = train_head_on_all(train_head(train, val, how), train, val, how)
    named = modelling.outputs(modelling.without_never_shown(head.arrays, joined(train, val).targets), test.embeddings).argmax(
        axis=1
    )
    return float(np.mean([(named[test.targets == one] == one).mean() for one in np.unique(test.targets)]))


def embedded(folder: Path, cache: Path) -> tuple[tuple[str, ...], EmbeddedImages]:
    """Embeddings of all images and of the default views, kept in `cache`."""
    files = sorted(folder.glob("*/*.jpg"))
    names = tuple(sorted({file.parent.name for file in files}))
    targets = np.array([names.index(file.parent.name) for file in files], np.int64)
    kept = cache / f"{folder.parent.name}-{len(files)}.npz"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **_embed(files, cache))
    found, views = np.load(kept), OWN.augmented_views
    groups = groups_of_files(files)
    rows = np.concatenate([found["plain"], found["views"].reshape(len(files) * views, -1)])
    all_targets = np.concatenate([targets, np.repeat(targets, views)])
    return names, EmbeddedImages(rows, all_targets, np.concatenate([groups, np.repeat(groups, views)]), len(files))


def _embed(files: Sequence[Path], cache: Path) -> dict[str, npt.NDArray[np.float32]]:
    settings = BackboneSettings()
    backbone, policy = open_backbone(settings, cache), policy_of(None, DEFAULT_VIEWS)
    plain, views = [], []
    for number, file in enumerate(files):
        image = model_image(decode(file.read_bytes(), Limits()).pixels, settings.side_px)
        plain.append(backbone.embed(image[np.newaxis])[0])
        drawn = [policy.view(image, derive_seed(number, "view", str(one))) for one in range(OWN.augmented_views)]
        views.append(np.concatenate([backbone.embed(one[np.newaxis]) for one in drawn]))
    return {"plain": np.stack(plain), "views": np.stack(views)}


def groups_of_files(files: Sequence[Path]) -> npt.NDArray[np.int64]:
    """Number of the group of each file: of one name, and numbered near each other."""
    keys = []
    for at, file in enumerate(files):
        found = re.search(r"exp(\d+)_num_(\d+)", file.name)
        keys.append((file.parent.name, found.group(1), int(found.group(2)), at) if found else (file.parent.name, file.name, 0, at))
    groups, current, last = np.zeros(len(files), np.int64), -1, ("", "", 0)
    for name, exposure, number, at in sorted(keys):
        if (name, exposure) != last[:2] or number - last[2] > MAX_STEP:
            current += 1
        groups[at], last = current, (name, exposure, number)
    return groups


if __name__ == "__main__":
    main()
