"""Quality rules that images broke."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

RULES = ("too_small", "too_dark", "too_bright", "flat", "blurred", "uninformative")


class QualityIssue(Table):
    """One row per rule that an image broke; such an image is quarantined. An image with no row here is fine."""

    table_name = "quality_issues"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    rule = dy.Enum(RULES, primary_key=True)
    #: What was measured.
    value = dy.Float64()
    #: What the settings ask for.
    limit = dy.Float64()
