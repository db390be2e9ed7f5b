"""Settings of garbage collection."""

from __future__ import annotations

from pydantic import Field

from pipeline_tasks.settings.section import Settings


class HousekeepingSettings(Settings):
    """Settings of `tend_storage`: retention times and schedule."""

    schedule: str | None = Field(
        None, description="Cron expression of tend_storage, in the project's time zone; null: only started by hand."
    )
    is_dry_run: bool = Field(True, description="Only report what would be deleted; a manual run can override this.")
    young_days: float = Field(
        2, ge=0, description="Days from the first plan that lists an object as unneeded until it moves to the trash."
    )
    trash_days: float = Field(14, ge=0, description="Days in the trash before an object is deleted for good.")
    abandoned_days: float = Field(
        30, gt=0, description="A cycle older than this loses its intermediate files: shards and checkpoints."
    )
    damaged_days: float = Field(90, ge=0, description="Days to keep damaged bytes that were replaced by a good copy.")
    price_per_gb_month: float | None = Field(None, ge=0, description="Monthly price of a gigabyte, for the report.")
    currency: str = "EUR"
