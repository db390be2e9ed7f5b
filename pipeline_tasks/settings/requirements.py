"""Settings that say which images a project needs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline_tasks.settings.section import Ratio, Settings

Count = Annotated[int, Field(ge=1)]
Light = Literal["dark", "medium", "bright"]


class RequirementSettings(Settings):
    """Wanted numbers of labelled images; what is short is selected first, and stands in the gap file."""

    label_kind: str | None = Field(None, description="The label kind that the images are for; check_project compares it.")
    modality: Literal["rgb", "grey", "depth", "infrared"] | None = Field(None, description="Modality that every source must state.")
    min_side_px: int | None = Field(None, ge=1, description="Smaller images do not count.")
    images: int | None = Field(None, ge=1, description="Labelled images in all.")
    classes: dict[str, Count] = Field({}, description="Class → labelled images that show it.")
    sites: dict[str, Count] = Field({}, description="Site, as `key_pattern` tells it → labelled images.")
    devices: dict[str, Count] = Field({}, description="Device → labelled images.")
    lights: dict[Light, Count] = Field({}, description="Mean luma (dark below 80, bright from 160, else medium) → labelled images.")
    quota_ratio: Ratio = Field(0.5, description="Maximum share of the strategy's picks that is reserved for what is short.")

    def by_key(self) -> dict[str, dict[str, int]]:
        """Key of a selection's metadata, or `class` → value → wanted number."""
        lights = {str(light): count for light, count in self.lights.items()}
        keys = {"class": self.classes, "site": self.sites, "device": self.devices, "light": lights}
        return {key: wanted for key, wanted in keys.items() if wanted}


def light_of(luma_mean: float) -> Light:
    """Light of an image by its mean luma, from 0 to 255: thirds of the range, rounded."""
    return "dark" if luma_mean < 80 else "bright" if luma_mean >= 160 else "medium"
