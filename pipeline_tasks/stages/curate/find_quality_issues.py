"""Quarantine new images that are too dark, too blurred or otherwise not worth labeling."""

from __future__ import annotations

from pipeline_tasks.images.quality import judge, quarantined
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.registries import QUALITY_RULES
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue

STAGE = "find_quality_issues"


def find_quality_issues(store: Store, cycle: Cycle) -> FindQualityIssuesSummary:
    """Judge the cycle's new images by the limits of its settings.

    Raises:
        MissingStageError: record_images of this cycle has not been done.
    """
    standing = store.finished(cycle.cycle_id, STAGE, FindQualityIssuesSummary)
    if standing is not None:
        return standing
    images = store.read(Image, cycle.cycle_id)
    issues = judge(images, store.read(Measurement, cycle.cycle_id), cycle.project.quality)
    counts = dict(issues["rule"].cast(str).value_counts().iter_rows())
    summary = FindQualityIssuesSummary(
        images_judged=images.height,
        images_quarantined=issues["image_id"].n_unique(),
        images_released=_released(store, cycle),
        issues_by_rule={rule: counts[rule] for rule in QUALITY_RULES.names if rule in counts},
    )
    return store.finish(cycle.cycle_id, STAGE, summary, [(QualityIssue, issues)])


def _released(store: Store, cycle: Cycle) -> int:
    """Number of earlier images that the limits of the night before quarantined, and tonight's do not."""
    before = next((one for one, stages in reversed(store.state().stages.items()) if STAGE in stages), None)
    if before is None:
        return 0
    limits = read_cycle(store, before).project.quality
    if limits == cycle.project.quality:
        return 0
    issues = store.history(QualityIssue, ["image_id", "rule", "value"])
    return len(quarantined(issues, limits) - quarantined(issues, cycle.project.quality))
