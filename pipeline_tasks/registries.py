"""The registries of Nightlens: to add a source, a backbone and so on is one new module and one line here.

Each line names where the thing is; it is imported only when it is asked for, so this module imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline_tasks.registry import Registry

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import OpensBackbone
    from pipeline_tasks.selection.strategies.strategy import Strategy
    from pipeline_tasks.sources.source import OpensSource

SOURCES: Registry[OpensSource] = Registry(
    "kind of source",
    {"folder": "pipeline_tasks.sources.folder:FolderSource"},
    members=("settings_model", "list_files", "is_at_rest", "read", "metadata"),
)
"""Where images come from: `sources[].kind` in a project file."""

BACKBONES: Registry[OpensBackbone] = Registry(
    "backbone",
    {"efficientnet_lite0": "pipeline_tasks.backbones.efficientnet_lite0:EfficientNetLite0"},
)
"""Networks that turn an image into an embedding: `backbone.name` in a project file."""

STRATEGIES: Registry[Strategy | Callable[..., object]] = Registry(
    "strategy",
    {
        "auto": "pipeline_tasks.selection.strategies.auto:AUTO",
        "coverage": "pipeline_tasks.selection.strategies.coverage:COVERAGE",
        "balanced_coverage": "pipeline_tasks.selection.strategies.coverage:BALANCED_COVERAGE",
        "diversity": "pipeline_tasks.selection.strategies.diversity:DIVERSITY",
        "typicality": "pipeline_tasks.selection.strategies.typicality:TYPICALITY",
        "outliers": "pipeline_tasks.selection.strategies.outliers:OUTLIERS",
        "margin": "pipeline_tasks.selection.strategies.doubts:MARGIN",
        "entropy": "pipeline_tasks.selection.strategies.doubts:ENTROPY",
        "least_confidence": "pipeline_tasks.selection.strategies.doubts:LEAST_CONFIDENCE",
        "bald": "pipeline_tasks.selection.strategies.disagreement:BALD",
        "class_balance": "pipeline_tasks.selection.strategies.classes:CLASS_BALANCE",
        "class_target": "pipeline_tasks.selection.strategies.classes:CLASS_TARGET",
        "metadata_balance": "pipeline_tasks.selection.strategies.metadata:METADATA_BALANCE",
        "metadata_weight": "pipeline_tasks.selection.strategies.metadata:METADATA_WEIGHT",
        "requirements": "pipeline_tasks.selection.strategies.requirements:REQUIREMENTS",
        "similar_to": "pipeline_tasks.selection.strategies.tagged:SIMILAR_TO",
        "away_from": "pipeline_tasks.selection.strategies.tagged:AWAY_FROM",
        "errors": "pipeline_tasks.selection.strategies.tagged:ERRORS",
        "drifted": "pipeline_tasks.selection.strategies.tagged:DRIFTED",
        "random": "pipeline_tasks.selection.strategies.random_draw:RANDOM",
    },
)
"""Ways to choose images: `selection.objectives` in a project file. Airflow's form shows them in this order."""
