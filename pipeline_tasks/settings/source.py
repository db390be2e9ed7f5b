"""Settings of a source."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SerializeAsAny
from pydantic.functional_validators import BeforeValidator

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import SOURCES
from pipeline_tasks.settings.section import Settings


class SourceSettings(Settings):
    """Settings of every kind of source; each kind adds its own, in its module in `sources/`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Recorded with every image; never reuse a name for another place.")
    bit_depth: int | None = Field(
        None, ge=8, le=16, description="Bits that the camera gives in 16-bit files whose tags do not say it: 10, 12, 14; 16: all."
    )
    kind: str = Field("folder", description="A kind that ships with Nightlens, or `module:class` of your own.")

    def metadata_keys(self) -> frozenset[str]:
        """The metadata that the source can give: device, clip, site, day."""
        return frozenset()

    def connection_id(self) -> str | None:
        """Id of the connection through which the source is reached; None: none, or the one that is found without a name."""
        return None


def _settings_of_their_kind(given: object) -> object:
    """Let the settings model of the source's own kind check its section."""
    try:
        model = settings_model(given)
    except SettingsError as error:
        raise ValueError(str(error)) from error
    return given if model is None else model.model_validate(given)


def settings_model(given: object) -> type[SourceSettings] | None:
    """The settings model of a source's kind; None if its section is no mapping that names one.

    Raises:
        SettingsError: there is no such kind.
    """
    if not isinstance(given, dict) or not isinstance(given.get("kind", "folder"), str):
        return None
    return SOURCES.load(given.get("kind", "folder")).settings_model


AnySourceSettings = Annotated[SerializeAsAny[SourceSettings], BeforeValidator(_settings_of_their_kind)]
