"""Try training settings: fit heads with them by cross-validation, and record the losses on held-out images.

Trials of one wave run side by side. Each finds out itself what to try, from the plan and the recorded trials of earlier waves; so
it may be killed and run again, on any machine, and tries the same.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.records.run_trial import RunTrialSummary
from pipeline_tasks.search.pruning import is_hopeless
from pipeline_tasks.search.space import most_views
from pipeline_tasks.settings.search import changed_training
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.training_data.search_trials import SearchTrials
from pipeline_tasks.training_data.trial_data import TrialData

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder

STAGE = "run_trial"
IMPOSSIBLE = 1e6
"""Loss of settings that the training cannot have together, so that later trials stay away from them."""
logger = logging.getLogger(__name__)


def run_trial(store: Store, cycle: Cycle, trial: int, decoder: Decoder, backbone: Backbone, work_folder: Path) -> RunTrialSummary:
    """Run one trial of the plan; a recorded one is not run again.

    Raises:
        MissingStageError: the search was not opened, has no dataset version, or an earlier wave is not complete.
        SettingsError: the plan has no such trial, or there are too few images.
        CorruptObjectError: an original was changed in the store.
    """
    trials = SearchTrials(store, cycle)
    if not 0 <= trial < trials.plan.trials:
        raise SettingsError(
            f"trial: {trial} is not in the plan of cycle {cycle.cycle_id}, which has {trials.plan.trials}, numbered from 0"
        )
    version = store.summary(cycle.cycle_id, BuildDatasetVersionSummary)
    if not version.should_train or version.dataset_cycle_id is None:
        return RunTrialSummary(skipped=version.why)
    found = trials.find(trial)
    if found is None:
        views = most_views(trials.space, trials.training)
        data = TrialData(store, cycle, decoder, str(version.dataset_id), version.dataset_cycle_id, views)
        found = trials.record(_tried(trials, trial, data, backbone, work_folder / f"trial-{trial}"))
    logger.info("trial %d: loss %.4f%s, %s", trial, found.loss, ", ended early" if found.is_pruned else "", dict(found.values))
    return RunTrialSummary(None, trial, dict(found.values), found.loss, found.score, found.is_pruned)


def _tried(trials: SearchTrials, trial: int, data: TrialData, backbone: Backbone, folder: Path) -> FinishedTrial:
    """Fit and judge."""
    earlier = trials.earlier(trial)
    values = trials.values(trial, earlier)
    try:
        settings = changed_training(trials.training, values)
    except ValidationError as error:
        logger.warning("trial %d: these settings cannot go together: %s", trial, error.errors()[0]["msg"])
        return FinishedTrial(trial, values, (IMPOSSIBLE,), is_pruned=True, score=0.0)
    # The same folds and seed for all trials: they differ by their settings alone.
    judged = data.judged(
        settings, backbone, trials.plan.folds, trials.seed_of("folds"), folder, partial(is_hopeless, earlier=earlier)
    )
    score = sum(judged.scores) / len(judged.scores)
    return FinishedTrial(trial, values, judged.losses, judged.is_ended_early, score)
