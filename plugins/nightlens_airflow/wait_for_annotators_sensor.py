"""Waits for people without holding a worker: looks once, then hands the waiting to the triggerer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from nightlens_airflow.stage_task import run
from nightlens_airflow.wait_for_annotators_trigger import WaitForAnnotatorsTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class WaitForAnnotatorsSensor(BaseSensorOperator):
    """Ends when the cycle's labeling round is released.

    Everything it knows is in the ledger and in Label Studio, so it may be killed, resumed or run twice at any time: it looks
    again and either ends with the standing summary or waits on. It has no timeout of its own; the round has a deadline.
    """

    template_fields: Sequence[str] = ("project", "cycle_id")

    def __init__(self, *, project: str, cycle_id: str, **arguments: Any) -> None:
        """Wait for this cycle's round."""
        super().__init__(**arguments)
        self.project = project
        self.cycle_id = cycle_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Look once; end with the summary, or defer."""
        summary = run("wait_for_annotators", self.project, self.cycle_id)
        if not summary["is_released"]:
            self.defer(trigger=self._trigger(context, summary), method_name="resume")
        return summary

    def resume(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """The trigger fired: look again, which a second event or a lost one cannot mislead."""
        return self.execute(context)

    def _trigger(self, context: Context, summary: dict[str, Any]) -> WaitForAnnotatorsTrigger:
        return WaitForAnnotatorsTrigger(
            project=self.project,
            cycle_id=self.cycle_id,
            run_key=context["run_id"],
            deadline=summary["deadline_at"],
            ask_every_s=summary["ask_every_s"],
        )
