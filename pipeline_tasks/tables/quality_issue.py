"""Quality issues: rules that images broke."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.registries import QUALITY_RULES
from pipeline_tasks.tables.table import DIGEST, Table


class QualityIssue(Table):
    """One row per rule that an image broke; such an image is quarantined. An image without a row broke no rule."""

    table_name = "quality_issues"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    rule = dy.Enum(QUALITY_RULES.names, primary_key=True)
    #: Measured value.
    value = dy.Float64()
    #: Limit of the settings.
    limit = dy.Float64()
