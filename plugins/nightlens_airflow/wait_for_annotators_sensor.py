"""Sensor that waits for annotators without holding a worker: checks once, then defers to the triggerer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from nightlens_airflow.stage_task import run
from nightlens_airflow.wait_for_annotators_trigger import WaitForAnnotatorsTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from pipeline_tasks.json_values import JsonObject

WAITING = "waiting"
"""Key of the XCom that shows the newest look while the task waits."""
LOOK_AGAIN = timedelta(minutes=15)
"""The task itself looks at the ledger at least so often, which the trigger does not: labeling may be paused or resumed."""


class WaitForAnnotatorsSensor(BaseSensorOperator):
    """Succeeds when the cycle's labeling round is released.

    All its state is in the ledger and in Label Studio, so it may be killed, resumed or run twice at any time: it checks
    again and either returns the recorded summary or keeps waiting. It has no timeout of its own; the round has a deadline.
    """

    template_fields: Sequence[str] = ("project", "cycle_id")

    def __init__(self, *, project: str, cycle_id: str, **arguments: Any) -> None:
        """Wait for this cycle's round."""
        super().__init__(**arguments)
        self.project = project
        self.cycle_id = cycle_id

    def execute(self, context: Context) -> JsonObject:
        """Check once; return the summary, or defer."""
        summary = run("wait_for_annotators", self.project, self.cycle_id)
        if not summary["is_released"]:
            if "ti" in context:
                context["ti"].xcom_push(key=WAITING, value=summary)
            by_then = (datetime.now(timezone.utc) + LOOK_AGAIN).isoformat()
            times = filter(None, [self._tell(context, summary), summary.get("look_again_at"), by_then])
            look_again_at = min(times, key=datetime.fromisoformat)
            self.defer(trigger=self._trigger(summary, look_again_at), method_name="resume")
        return summary

    def resume(self, context: Context, event: JsonObject) -> JsonObject:
        """Check again after the trigger fired, so that a repeated or lost event does no harm."""
        return self.execute(context)

    def _tell(self, context: Context, summary: JsonObject) -> str | None:
        """Tell the reminders that are due; return when to try again if nobody was reached."""
        if not summary.get("reminders_due"):
            return None
        from nightlens_airflow.reminding import tell_reminders
        from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary

        again_at = tell_reminders(context, self.project, self.cycle_id, WaitForAnnotatorsSummary(**summary))
        return None if again_at is None else again_at.isoformat()

    def _trigger(self, summary: JsonObject, look_again_at: str) -> WaitForAnnotatorsTrigger:
        for difference in summary.get("form_differences", []):
            self.log.warning("Mind: %s", difference)
        names = ("label_studio_project_id", "round_id", "tasks", "tasks_wanted", "form", "ask_every_s")
        return WaitForAnnotatorsTrigger(
            project=self.project,
            cycle_id=self.cycle_id,
            deadline=summary["deadline_at"],
            connection_id=connection_of(self.project),
            look_again_at=look_again_at,
            **{name: summary[name] for name in names},
        )


def connection_of(project: str) -> str:
    """Id of the Airflow connection to the project's Label Studio."""
    from nightlens_airflow.endpoints import connection_ids
    from pipeline_tasks.wiring.last_settings import project_or_last_settings

    return connection_ids(project_or_last_settings(project))["label_studio"]
