"""Settings of nights that new images start."""

from __future__ import annotations

from pydantic import Field

from pipeline_tasks.settings.section import Settings


class NewImagesSettings(Settings):
    """Conditions under which new images start a night, besides the schedule and people; by default they start none."""

    min_images: int | None = Field(None, ge=1, description="Start a night once this many new images are there; null: none does.")
    max_wait_s: float | None = Field(
        None, gt=0, description="Start a night once a new image has waited this many seconds; null: none waits too long."
    )
    cool_down_s: float = Field(
        3600, ge=0, description="Seconds from the start of any night in which new images start no other one."
    )
    look_every_s: float = Field(60, gt=0, description="Seconds between two looks at the sources; more where a look takes long.")

    @property
    def is_watched(self) -> bool:
        """True if new images may start a night."""
        return self.min_images is not None or self.max_wait_s is not None
