"""Settings of an edge agent: a TOML file on the device."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pipeline_tasks.edge.settings_file import Section
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sent_images.image_note import DEVICE

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class ReceiverSettings:
    """Section `receiver`: where images go."""

    url: str
    key_file: Path
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    part_bytes: int = 262_144
    timeout_s: float = 30.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 300.0


@dataclass(frozen=True)
class InputSettings:
    """Section `input`: where images come from."""

    kind: Literal["folder", "camera", "video"]
    place: str
    """Folder, video file, number or file of a camera, or rtsp:// address."""
    every_s: float = 0.0
    """Least time between two frames; 0: every frame."""
    settle_s: float = 2.0
    """A file of a folder that changed meanwhile is being written."""
    jpeg_quality: int = 92
    exposure_unit_s: float | None = None
    """Seconds of one unit of the camera's exposure: 0.0001 with V4L2. None: the exposure is not sent."""


@dataclass(frozen=True)
class KeepSettings:
    """Section `keep`: images that are kept."""

    backbone: Path
    target_ratio: float | None = None
    """Share of the seen images to keep; None: all that are `min_distance` away from those kept."""
    min_distance: float = 0.1
    min_change: float = 0.01
    """Mean difference of grey levels from the frame before, as a share of 255, below which a frame is not looked at."""
    memory_images: int = 2_000
    step: float = 0.01
    """Change of the threshold with each image that is kept too many or too few."""


@dataclass(frozen=True)
class AskedClass:
    """One `[[asked_for.classes]]`: scores of a class for which an image is kept."""

    name: str
    min_score: float = 0.5
    max_score: float = 1.0


@dataclass(frozen=True)
class AskedForSettings:
    """Section `asked_for`: a model and what to keep by its predictions."""

    model: Path
    classes: tuple[AskedClass, ...]


@dataclass(frozen=True)
class OutboxSettings:
    """Section `outbox`: bounds of what waits to be sent."""

    max_bytes: int = 2_000_000_000
    max_images: int = 20_000


@dataclass(frozen=True)
class PositionSettings:
    """Section `position`: a place that never changes, or a file that another program keeps up to date."""

    latitude_deg: float | None = None
    longitude_deg: float | None = None
    file: Path | None = None
    max_age_s: float = 60.0


@dataclass(frozen=True)
class EdgeSettings:
    """All settings of an agent."""

    device: str
    folder: Path
    """State and outbox."""
    receiver: ReceiverSettings
    input: InputSettings
    keep: KeepSettings
    asked_for: AskedForSettings | None = None
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    position: PositionSettings = field(default_factory=PositionSettings)


def read_settings(path: Path) -> EdgeSettings:
    """Read an agent's file; relative paths lie in its folder.

    Raises:
        SettingsError: the key, what was found and what is wanted.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"wanted a file that can be read, found {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: wanted TOML: {error}") from error
    top = Section(given, "", path.parent)
    settings = EdgeSettings(
        device=_device(top),
        folder=top.path("folder"),
        receiver=_receiver(top.section("receiver")),
        input=_input(top.section("input")),
        keep=_keep(top.section("keep")),
        asked_for=_asked_for(top.section("asked_for")) if "asked_for" in given else None,
        outbox=_outbox(top.section("outbox", is_optional=True)),
        position=_position(top.section("position", is_optional=True)),
    )
    top.refuse_others()
    return settings


def _device(top: Section) -> str:
    device = top.text("device")
    if not DEVICE.fullmatch(device):
        raise SettingsError(f"device: wanted small letters, digits, - and _, at most 64, found {device!r}")
    return device


def _receiver(section: Section) -> ReceiverSettings:
    url = section.text("url").rstrip("/")
    is_plain_allowed = section.flag("is_plain_allowed", default=False)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise SettingsError(f"receiver.url: wanted https://host or https://host/path, found {url!r}")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not is_plain_allowed:
        raise SettingsError(
            f"receiver.url: {url!r} sends images that others on the way can see; use https, or set receiver.is_plain_allowed = true"
        )
    settings = ReceiverSettings(
        url=url,
        key_file=section.path("key_file"),
        ca_file=section.path_or_none("ca_file"),
        part_bytes=section.whole("part_bytes", 262_144, least=1_024, largest=4_194_304),
        timeout_s=section.number("timeout_s", 30.0, least=1, largest=600),
        first_pause_s=section.number("first_pause_s", 1.0, least=0.01, largest=60),
        longest_pause_s=section.number("longest_pause_s", 300.0, least=0.01, largest=86_400),
    )
    section.refuse_others()
    return settings


def _input(section: Section) -> InputSettings:
    settings = InputSettings(
        kind=section.choice("kind", ("folder", "camera", "video")),  # type: ignore[arg-type]
        place=section.text("place"),
        every_s=section.number("every_s", 0.0, least=0, largest=86_400),
        settle_s=section.number("settle_s", 2.0, least=0, largest=3_600),
        jpeg_quality=section.whole("jpeg_quality", 92, least=50, largest=100),
        exposure_unit_s=section.number_or_none("exposure_unit_s", least=1e-9, largest=10),
    )
    section.refuse_others()
    place = settings.place
    if settings.kind != "camera" and "://" in place:
        raise SettingsError(
            f"input.place: wanted a path for kind {settings.kind!r}, found an address; an address is of kind 'camera'"
        )
    return settings if settings.kind == "camera" else _at_path(settings, section.path("place"))


def _at_path(settings: InputSettings, path: Path) -> InputSettings:
    return InputSettings(**{**vars(settings), "place": str(path)})


def _keep(section: Section) -> KeepSettings:
    settings = KeepSettings(
        backbone=section.path("backbone"),
        target_ratio=section.number_or_none("target_ratio", least=1e-6, largest=1),
        min_distance=section.number("min_distance", 0.1, least=0, largest=1),
        min_change=section.number("min_change", 0.01, least=0, largest=1),
        memory_images=section.whole("memory_images", 2_000, least=1, largest=100_000),
        step=section.number("step", 0.01, least=1e-5, largest=0.5),
    )
    section.refuse_others()
    return settings


def _asked_for(section: Section) -> AskedForSettings:
    classes = tuple(_asked_class(one) for one in section.sections("classes"))
    settings = AskedForSettings(model=section.path("model"), classes=classes)
    section.refuse_others()
    return settings


def _asked_class(section: Section) -> AskedClass:
    asked = AskedClass(
        name=section.text("name"),
        min_score=section.number("min_score", 0.5, least=0, largest=1),
        max_score=section.number("max_score", 1.0, least=0, largest=1),
    )
    section.refuse_others()
    if asked.min_score > asked.max_score:
        raise SettingsError(f"{section.name}: wanted min_score up to max_score, found {asked.min_score:g} and {asked.max_score:g}")
    return asked


def _outbox(section: Section) -> OutboxSettings:
    settings = OutboxSettings(
        max_bytes=section.whole("max_bytes", 2_000_000_000, least=1, largest=10**15),
        max_images=section.whole("max_images", 20_000, least=1, largest=10_000_000),
    )
    section.refuse_others()
    return settings


def _position(section: Section) -> PositionSettings:
    settings = PositionSettings(
        latitude_deg=section.number_or_none("latitude_deg", least=-90, largest=90),
        longitude_deg=section.number_or_none("longitude_deg", least=-180, largest=180),
        file=section.path_or_none("file"),
        max_age_s=section.number("max_age_s", 60.0, least=0.1, largest=86_400),
    )
    section.refuse_others()
    if (settings.latitude_deg is None) != (settings.longitude_deg is None):
        raise SettingsError("position: wanted latitude_deg and longitude_deg, or neither")
    return settings
