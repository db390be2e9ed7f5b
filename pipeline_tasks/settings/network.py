"""Settings of a whole network."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.functional_validators import AfterValidator

from pipeline_tasks.registries import NETWORKS
from pipeline_tasks.settings.section import Settings


class NetworkSettings(Settings):
    """A network that is trained whole, from the image to the result, in place of a head on the frozen backbone."""

    name: Annotated[str, AfterValidator(NETWORKS.check)] = Field(
        description="A network that comes with Nightlens, or `module:class` of your own."
    )
    weights: str | None = Field(
        None, description="Folder of weights, for a network that takes them; a relative one lies in NIGHTLENS_HOME."
    )
