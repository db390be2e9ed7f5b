"""Sensor that waits until people completed the jobs of a CVAT task, without holding a worker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from nightlens_airflow.cvat.hook import CvatHook
from nightlens_airflow.cvat.trigger import CvatCompletedTrigger
from nightlens_airflow.label_studio.hook import airflow_errors

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from pipeline_tasks.json_values import JsonObject


class CvatCompletedSensor(BaseSensorOperator):
    """Succeeds when a share of a task's jobs is completed, or when the deadline has passed; returns the counts.

    All its state is in CVAT: it may be killed, resumed or run twice at any time.
    """

    template_fields: Sequence[str] = ("task_id_in_cvat", "deadline", "cvat_conn_id")

    def __init__(
        self,
        *,
        task_id_in_cvat: int | str | XComArg,
        share: float = 1.0,
        deadline: str | None = None,
        deferrable: bool = True,
        cvat_conn_id: str = CvatHook.default_conn_name,
        **arguments: Any,
    ) -> None:
        """`deadline` is an ISO time with its zone."""
        defaults: dict[str, Any] = {"retries": 3, "retry_delay": timedelta(seconds=30)}
        super().__init__(**(defaults | arguments))
        self.task_id_in_cvat, self.share, self.deadline = task_id_in_cvat, share, deadline
        self.deferrable, self.cvat_conn_id = deferrable, cvat_conn_id

    def execute(self, context: Context) -> JsonObject:
        """Check once; return the counts, or defer."""
        if not self.deferrable:
            poked: JsonObject = super().execute(context)
            return poked
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
        """Jobs, completed ones, and if the wait is over."""
        with airflow_errors():
            jobs = CvatHook(self.cvat_conn_id).get_conn().jobs(int(str(self.task_id_in_cvat)))
        completed, wanted = sum(job.state == "completed" for job in jobs), math.ceil(self.share * len(jobs) - 1e-9)
        is_late = self.deadline is not None and datetime.now(timezone.utc) >= datetime.fromisoformat(self.deadline)
        about = {"jobs": len(jobs), "completed": completed, "wanted": wanted, "is_late": is_late}
        return about | {"is_over": is_late or completed >= wanted}

    def _trigger(self, counts: JsonObject) -> CvatCompletedTrigger:
        return CvatCompletedTrigger(
            cvat_conn_id=self.cvat_conn_id,
            task_id_in_cvat=int(str(self.task_id_in_cvat)),
            jobs_wanted=int(counts["wanted"]),
            poke_interval=float(self.poke_interval),
            deadline=self.deadline,
        )
