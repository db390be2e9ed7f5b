"""Choose the best trial of a search, if it proves better than the project's own settings on folds that no trial was chosen by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.search.choosing import Proof, best_trial, proof
from pipeline_tasks.search.space import as_yaml, most_views
from pipeline_tasks.search.trial_rows import rows_of_trials
from pipeline_tasks.search.waves import wave_of
from pipeline_tasks.settings.search import changed_training
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.trial import Trial
from pipeline_tasks.training_data.search_trials import SearchTrials
from pipeline_tasks.training_data.trial_data import TrialData

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.models.cross_validation import Judged

STAGE = "choose_settings"
PROOF_FOLDS = 5
"""Another number than that of the search: no fold of it is met again."""


def choose_settings(store: Store, cycle: Cycle, decoder: Decoder, backbone: Backbone, work_folder: Path) -> ChooseSettingsSummary:
    """Combine the trials and decide which settings the candidate is trained with.

    Raises:
        MissingStageError: a trial of the plan has not been run.
        CorruptObjectError: an original was changed in the store.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ChooseSettingsSummary)
    if standing is not None:
        return standing
    version = store.summary(cycle.cycle_id, BuildDatasetVersionSummary)
    if not version.should_train or version.dataset_cycle_id is None:
        return store.finish(cycle.cycle_id, STAGE, ChooseSettingsSummary(skipped=version.why))
    trials = SearchTrials(store, cycle)
    found = trials.all()
    best, own = best_trial(found), found[0]
    summary = _summary(found, best)
    if best is not own:
        views = most_views(trials.space, trials.training)
        data = TrialData(store, cycle, decoder, str(version.dataset_id), version.dataset_cycle_id, views)
        judged = [_on_fresh_folds(trials, one, data, backbone, work_folder / "proof") for one in (own, best)]
        summary = _proven(trials, summary, best, judged[0], judged[1])
    rows = rows_of_trials((wave_of(one.number, trials.plan.trials), one) for one in found)
    return store.finish(cycle.cycle_id, STAGE, summary, [(Trial, rows)])


def _on_fresh_folds(trials: SearchTrials, trial: FinishedTrial, data: TrialData, backbone: Backbone, folder: Path) -> Judged:
    settings = changed_training(trials.training, trial.values)
    return data.judged(settings, backbone, PROOF_FOLDS, trials.seed_of("proof"), folder, lambda losses: False)


def _summary(found: list[FinishedTrial], best: FinishedTrial) -> ChooseSettingsSummary:
    """Figures of the folds of the search."""
    own = found[0]
    return ChooseSettingsSummary(
        skipped=None,
        why=f"The project's own settings were the best of {len(found)} trials: they stay, and nothing is trained.",
        best_trial=best.number,
        settings=dict(best.values),
        trials=len(found),
        pruned=sum(trial.is_pruned for trial in found),
        own_loss=own.loss,
        best_loss=best.loss,
        own_score=own.score,
        best_score=best.score,
    )


def _proven(
    trials: SearchTrials, summary: ChooseSettingsSummary, best: FinishedTrial, own_judged: Judged, best_judged: Judged
) -> ChooseSettingsSummary:
    """The summary with the outcome of the proof."""
    compared = proof(own_judged.losses, best_judged.losses)
    own = trials.values(0, ())
    changed = {key: value for key, value in best.values.items() if value != own[key]}
    return replace(
        summary,
        why=_why(best, summary.trials, compared),
        is_found=compared.holds,
        yaml=as_yaml(changed) if compared.holds else "",
        gain=compared.gain,
        noise=compared.noise,
        proof_own_score=fmean(own_judged.scores),
        proof_best_score=fmean(best_judged.scores),
    )


def _why(best: FinishedTrial, trials: int, compared: Proof) -> str:
    """Sentence on the outcome."""
    said = f"on {PROOF_FOLDS} fresh folds its loss is {compared.gain:.4f} below that of the project's own settings"
    if compared.gain < 0:
        said = f"on {PROOF_FOLDS} fresh folds its loss is {-compared.gain:.4f} above that of the project's own settings"
    noise = f"with a standard error of {compared.noise:.4f}"
    if compared.holds:
        return f"Trial {best.number} of {trials} is the best: {said}, {noise}. A candidate is trained with its settings."
    return f"Trial {best.number} of {trials} did best, but {said}, {noise}: the own settings stay, and nothing is trained."
