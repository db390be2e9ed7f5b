"""Every setting of a project, typed and frozen: the model behind `dags/projects/*.yaml`, a module a section.

`load_project` is the only reader of project files. The first stage of a cycle freezes what it read; later stages see only that.
Sizes carry their unit in the name; a setting without an honest default has none.
"""

from __future__ import annotations

from pipeline_tasks.settings.augmentation import AugmentationSettings
from pipeline_tasks.settings.backbone import BackboneSettings
from pipeline_tasks.settings.connections import ConnectionSettings
from pipeline_tasks.settings.duplicates import DuplicateSettings
from pipeline_tasks.settings.gates import GateSettings
from pipeline_tasks.settings.housekeeping import HousekeepingSettings
from pipeline_tasks.settings.labeling import LabelingSettings
from pipeline_tasks.settings.loading import load_project, parse_project
from pipeline_tasks.settings.project import Project
from pipeline_tasks.settings.quality import QualitySettings
from pipeline_tasks.settings.requirements import RequirementSettings
from pipeline_tasks.settings.search import SearchSettings
from pipeline_tasks.settings.section import Ratio, Settings
from pipeline_tasks.settings.selection import SelectionSettings
from pipeline_tasks.settings.serving import ServingSettings
from pipeline_tasks.settings.source import SourceSettings
from pipeline_tasks.settings.splits import GoldenSettings, SplitSettings
from pipeline_tasks.settings.training import TrainingSettings

__all__ = [
    "AugmentationSettings",
    "BackboneSettings",
    "ConnectionSettings",
    "DuplicateSettings",
    "GateSettings",
    "GoldenSettings",
    "HousekeepingSettings",
    "LabelingSettings",
    "Project",
    "QualitySettings",
    "Ratio",
    "RequirementSettings",
    "SearchSettings",
    "SelectionSettings",
    "ServingSettings",
    "Settings",
    "SourceSettings",
    "SplitSettings",
    "TrainingSettings",
    "load_project",
    "parse_project",
]
