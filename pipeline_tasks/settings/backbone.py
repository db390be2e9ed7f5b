"""Settings of the backbone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.functional_validators import AfterValidator

from pipeline_tasks.registries import BACKBONES
from pipeline_tasks.settings.section import Settings


class BackboneSettings(Settings):
    """The frozen network that turns an image into an embedding."""

    name: Annotated[str, AfterValidator(BACKBONES.check)] = Field(
        "efficientnet_lite0", description="A backbone that ships with Nightlens, or `module:class` of your own."
    )
    weights: str | None = Field(
        None,
        description="Folder or file of weights, for a backbone that takes them; a relative one lies in NIGHTLENS_HOME.",
    )
    pretrained: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="Weights that `pretrain_backbone` made of this backbone, as its report and `pretrainings` print them; "
        "`name` and `weights` stay as they were.",
    )
    side_px: int = Field(224, ge=32, le=1024, description="Side of the image that the model sees, in pixels.")
    map_side_px: int = Field(
        384,
        ge=64,
        le=1024,
        multiple_of=32,
        description="Side of the square that a model with places (boxes) sees, in pixels; the whole image is fitted into it.",
    )
