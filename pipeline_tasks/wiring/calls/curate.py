"""Calls of the stages of `curate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
    from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
    from pipeline_tasks.records.select_images import SelectImagesSummary


def find_quality_issues(services: Services, _: StageArguments) -> FindQualityIssuesSummary:
    """Run `stages.curate.find_quality_issues`."""
    from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues

    return find_quality_issues(services.store, services.cycle)


def find_duplicates(services: Services, _: StageArguments) -> FindDuplicatesSummary:
    """Run `stages.curate.find_duplicates`."""
    from pipeline_tasks.stages.curate.find_duplicates import find_duplicates

    return find_duplicates(services.store, services.cycle)


def select_images(services: Services, _: StageArguments) -> SelectImagesSummary:
    """Run `stages.curate.select_images`."""
    from pipeline_tasks.stages.curate.select_images import select_images

    return select_images(services.store, services.cycle, open_decoder=lambda: services.decoder)


CALLS = (
    find_quality_issues,
    find_duplicates,
    select_images,
)
