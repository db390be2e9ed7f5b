"""Sensor that waits until people annotated a Label Studio project, or a batch of its tasks, without holding a worker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from nightlens_airflow.label_studio.hook import LabelStudioHook, airflow_errors
from nightlens_airflow.label_studio.link import LINK_KEY, LabelStudioProjectLink
from nightlens_airflow.label_studio.trigger import LabelStudioAnnotatedTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from pipeline_tasks.json_values import JsonObject


class LabelStudioAnnotatedSensor(BaseSensorOperator):
    """Succeeds when a share of the tasks is annotated or skipped, or when the deadline has passed; returns the counts.

    All its state is in Label Studio: it may be killed, resumed or run twice at any time. The triggers of all waiting sensors
    share one poller a server.
    """

    template_fields: Sequence[str] = ("project_id", "batch", "deadline", "label_studio_conn_id")
    operator_extra_links = (LabelStudioProjectLink(),)

    def __init__(
        self,
        *,
        project_id: int | str | XComArg,
        batch: str | None = None,
        share: float = 1.0,
        deadline: str | None = None,
        deferrable: bool = True,
        label_studio_conn_id: str = LabelStudioHook.default_conn_name,
        **arguments: Any,
    ) -> None:
        """`batch` is that of the push, by default all tasks of the project; `deadline` is an ISO time with its zone."""
        defaults: dict[str, Any] = {"retries": 3, "retry_delay": timedelta(seconds=30)}
        super().__init__(**(defaults | arguments))
        self.project_id, self.batch, self.share = project_id, batch, share
        self.deadline, self.deferrable, self.label_studio_conn_id = deadline, deferrable, label_studio_conn_id

    def execute(self, context: Context) -> JsonObject:
        """Check once; return the counts, or defer."""
        with airflow_errors():
            address = LabelStudioHook(self.label_studio_conn_id).address().url
        # Before the task defers: people look for the project while it waits.
        context["ti"].xcom_push(key=LINK_KEY, value=f"{address}/projects/{self.project_id}")
        if not self.deferrable:
            counts: JsonObject = super().execute(context)
            return counts
        counts = self.counts()
        if not counts["is_over"]:
            self.defer(trigger=self._trigger(counts), method_name="resume")
        return counts

    def poke(self, context: Context) -> PokeReturnValue:
        """Check once, for a sensor that is not deferrable."""
        counts = self.counts()
        return PokeReturnValue(is_done=bool(counts["is_over"]), xcom_value=counts)

    def resume(self, context: Context, event: JsonObject) -> JsonObject:
        """Check again after the trigger fired, so that a repeated or lost event does no harm."""
        return self.execute(context)

    def counts(self) -> JsonObject:
        """Tasks, annotated ones, and if the wait is over."""
        with airflow_errors(), LabelStudioHook(self.label_studio_conn_id).get_conn() as client:
            tasks, annotated = client.progress(int(str(self.project_id)), self.batch)
        wanted = math.ceil(self.share * tasks - 1e-9)
        is_late = self.deadline is not None and datetime.now(timezone.utc) >= datetime.fromisoformat(self.deadline)
        return {
            "tasks": tasks,
            "annotated": annotated,
            "wanted": wanted,
            "is_late": is_late,
            "is_over": is_late or annotated >= wanted,
        }

    def _trigger(self, counts: JsonObject) -> LabelStudioAnnotatedTrigger:
        return LabelStudioAnnotatedTrigger(
            label_studio_conn_id=self.label_studio_conn_id,
            project_id=int(str(self.project_id)),
            batch=self.batch,
            tasks_wanted=int(counts["wanted"]),
            poke_interval=float(self.poke_interval),
            deadline=self.deadline,
        )
