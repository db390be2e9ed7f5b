"""Settings of the decisions that a person may want to keep."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline_tasks.settings.reminders import NoticeSettings
from pipeline_tasks.settings.section import Settings


class AutonomySettings(Settings):
    """Decisions that the night takes by itself, and those for which it asks a person."""

    promote: Literal["auto", "ask"] = Field(
        "auto",
        description="Promotion of a candidate that the gate lets pass: `auto` promotes it; `ask` waits, without a worker, until a "
        "person approves or rejects it in Airflow's *Required Actions* (docs/how-to/sign-off-promotions.md).",
    )
    deadline_s: float | None = Field(
        None,
        gt=0,
        description="Seconds after which the night goes on without a reply, and the champion stays; needed for `promote: ask`. The "
        "next night starts after it.",
    )
    people: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="Ids of Airflow's users who may reply; empty: whoever may edit the DAG's runs."
    )
    notify: NoticeSettings | None = Field(
        None,
        description="People told once when a reply is wanted (`email`, `smtp_connection`, `slack`, `notifiers`, as in "
        "docs/how-to/remind-annotators.md); null: nobody.",
    )

    @model_validator(mode="after")
    def _asking_has_a_deadline(self) -> AutonomySettings:
        """Refuse a question without an end, and settings of a question that nobody decided to ask."""
        if self.promote == "ask" and self.deadline_s is None:
            raise ValueError("promote is ask, so deadline_s must say how long a night waits for a reply; 12 hours are 43200")
        if self.model_fields_set and "promote" not in self.model_fields_set:
            raise ValueError("promote must say whether a person is asked: ask or auto")
        if self.notify is not None and self.notify.tells_nobody:
            raise ValueError("`notify` must name an email, a slack connection or a notifier; leave it out to tell nobody")
        return self
