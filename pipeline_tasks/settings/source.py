"""Settings of a source."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SerializeAsAny, field_validator
from pydantic.functional_validators import BeforeValidator

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import SOURCES
from pipeline_tasks.settings.section import Settings


class LicenceRule(Settings):
    """Licence, author and origin of the files whose key the pattern finds."""

    key_pattern: str = Field("", description="A regular expression over the key; empty: every key.")
    licence: str | None = Field(None, max_length=2000)
    author: str | None = Field(None, max_length=2000)
    origin_url: str | None = Field(None, max_length=2000)

    @field_validator("key_pattern")
    @classmethod
    def _is_a_pattern(cls, key_pattern: str) -> str:
        """Refuse a broken pattern when the file is read."""
        try:
            re.compile(key_pattern)
        except re.error as error:
            raise ValueError(f"{key_pattern!r} is no regular expression: {error}") from error
        return key_pattern


class SourceSettings(Settings):
    """Settings of every kind of source; each kind adds its own, in its module in `sources/`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Recorded with every image; never reuse a name for another place.")
    bit_depth: int | None = Field(
        None, ge=8, le=16, description="Bits that the camera gives in 16-bit files whose tags do not say it: 10, 12, 14; 16: all."
    )
    read_exif: bool = Field(True, description="Record time, camera, exposure and position that EXIF data states.")
    camera_time_zone: str | None = Field(
        None, description="Zone of the cameras' clocks, where files do not state it; null: the project's."
    )
    position_digits: int | None = Field(
        3, ge=0, le=6, description="Decimal digits of a position's degrees: 3 are about 100 m; null: no position is kept."
    )
    licences: tuple[LicenceRule, ...] = Field(
        (),
        description="Rules with key_pattern, licence, author, origin_url; the first that finds a key says what a source does not.",
    )
    modality: Literal["rgb", "grey", "depth", "infrared"] = Field(
        "rgb",
        description="Stated; report and `check_project --source` name images of another one. Grey becomes three equal channels.",
    )
    is_synthetic: bool = Field(
        False, description="Images are rendered or generated: trained on up to training.max_synthetic_ratio, never tested on."
    )
    max_new_files: int = Field(
        100_000,
        ge=1,
        description="New files that one night takes in at most; the next nights take the others, and the report counts them.",
    )
    kind: str = Field("folder", description="A kind that ships with Nightlens, or `module:class` of your own.")

    @field_validator("camera_time_zone")
    @classmethod
    def _time_zone_is_known(cls, camera_time_zone: str | None) -> str | None:
        """Refuse an unknown time zone when the file is read."""
        try:
            ZoneInfo(camera_time_zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{camera_time_zone!r} is no time zone; name one like Europe/Berlin or UTC") from error
        return camera_time_zone

    def metadata_keys(self) -> frozenset[str]:
        """The metadata that the source can give: device, clip, site, day."""
        return frozenset()

    def sequence_keys(self) -> frozenset[str]:
        """Metadata whose images show one scene after another, and so must not straddle splits."""
        return frozenset()

    def is_watched(self) -> bool:
        """True if a look at the source for new images is cheap enough to be taken every minute."""
        return True

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
