"""Keys of the section `labels` for the kind `mask`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline_tasks.settings.section import Settings

Regions = Literal["semantic", "instance"]


class MaskSettings(Settings):
    """Meaning of the masks."""

    regions: Regions = Field(
        "semantic",
        description="`semantic`: the masks of one class are one region. `instance`: each mask is an object of its own, "
        "and models find objects.",
    )
