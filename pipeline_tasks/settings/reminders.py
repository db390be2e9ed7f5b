"""Settings of reminders to annotators, and of the escalation of a round that waits too long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pipeline_tasks.settings.section import Settings

_NOTIFIER = r"^\w+(\.\w+)*:\w+$"


class NoticeSettings(Settings):
    """People to tell, and the ways to them."""

    email: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = Field((), description="Addresses.")
    smtp_connection: str = Field("smtp_default", min_length=1, description="Airflow's connection of type SMTP, with its sender.")
    slack: str | None = Field(
        None, min_length=1, description="Airflow's connection of an incoming webhook: its address as host, its token as password."
    )
    notifiers: tuple[Annotated[str, Field(pattern=_NOTIFIER)], ...] = Field(
        (), description="Functions or Airflow notifiers as `module:attribute`, called with Airflow's context."
    )

    @property
    def tells_nobody(self) -> bool:
        """Nobody is named."""
        return not (self.email or self.slack or self.notifiers)


class ReminderSettings(Settings):
    """Times at which people are reminded of a round and others told, and whom."""

    remind_after_hours: float | None = Field(None, gt=0, description="Hours after the round is sent; null: no reminder.")
    escalate_after_hours: float | None = Field(None, gt=0, description="Hours after the round is sent; null: no escalation.")
    remind: NoticeSettings = NoticeSettings()
    escalate: NoticeSettings = NoticeSettings()

    @model_validator(mode="after")
    def _tells_somebody(self) -> ReminderSettings:
        """Refuse a time without anybody to tell, and people without a time."""
        for name, hours, told in (
            ("remind", self.remind_after_hours, self.remind),
            ("escalate", self.escalate_after_hours, self.escalate),
        ):
            if hours is not None and told.tells_nobody:
                raise ValueError(f"{name}_after_hours is set, so `{name}` must name an email, a slack connection or a notifier")
            if hours is None and not told.tells_nobody:
                raise ValueError(f"`{name}` names whom to tell, so {name}_after_hours must be set")
        return self
