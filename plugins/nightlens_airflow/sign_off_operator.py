"""Task that waits for a person's sign-off in Airflow's page *Required Actions*, without a worker and without the triggerer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from nightlens_airflow.stage_task import run
from pipeline_tasks.records.sign_off import WAITING, SignOffReply
from pipeline_tasks.wiring.arguments import StageArguments

if TYPE_CHECKING:
    from airflow.sdk import Context

    from pipeline_tasks.json_values import JsonObject

APPROVE, REJECT, REASON = "Approve", "Reject", "reason"
REPLY_FORM: dict[str, Any] = {
    REASON: Param(
        None,
        type=["null", "string"],
        title="Reason",
        description="It is recorded with your name in the ledger, the report and the promotion history.",
    ),
}
LEAST_WAIT = timedelta(seconds=1)


class SignOffOperator(HITLOperator):
    """Asks a person if the project wants that, and records the reply; otherwise it is skipped at once.

    All its state is in the ledger: a task that is cleared or tried again finds the recorded outcome, or asks again with the
    deadline that the first request fixed.
    """

    template_fields: Sequence[str] = ("project", "cycle_id")

    def __init__(self, *, project: str, cycle_id: str, **arguments: Any) -> None:
        """Ask about this cycle's candidate. `params` is the form of the reply; Airflow wants it where the task is placed."""
        super().__init__(subject="Promote the candidate?", options=[APPROVE, REJECT], **arguments)
        self.project = project
        self.cycle_id = cycle_id

    def execute(self, context: Context) -> JsonObject:
        """Return the recorded outcome, or ask and wait."""
        return self._ask_until_recorded(context, run("sign_off", self.project, self.cycle_id))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> JsonObject:
        """Record the reply, or that the time is up."""
        arguments = StageArguments(sign_off_reply=reply_of(event))
        return self._ask_until_recorded(context, run("sign_off", self.project, self.cycle_id, arguments))

    def _ask_until_recorded(self, context: Context, summary: JsonObject) -> JsonObject:
        if summary["outcome"] != WAITING:
            return summary
        from nightlens_airflow.sign_off_request import prepare_request

        request = prepare_request(context, self.project, self.cycle_id, self.generate_link_to_ui)
        self.subject, self.body, self.assigned_users = request.subject, request.body, request.people
        left = datetime.fromisoformat(summary["deadline_at"]) - datetime.now(timezone.utc)
        self.response_timeout = max(left, LEAST_WAIT)
        super().execute(context)  # It ends this process and leaves the task waiting.
        return summary


def reply_of(event: dict[str, Any]) -> SignOffReply | None:
    """The reply in Airflow's event; None if the time was up without one."""
    person = event.get("responded_by_user")
    if person is None:
        return None
    said = (event.get("params_input") or {}).get(REASON) or ""
    named = person["name"] or person["id"]
    return SignOffReply(APPROVE in event["chosen_options"], named, event["responded_at"].isoformat(), str(said))
