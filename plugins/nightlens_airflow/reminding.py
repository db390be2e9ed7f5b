"""Reminders of a waiting round, told over the ways that the project file names; a way that fails never fails the night."""

from __future__ import annotations

import html
import importlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection

from nightlens_airflow.endpoints import read_endpoints
from pipeline_tasks.errors import SettingsError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary
    from pipeline_tasks.settings.reminders import NoticeSettings, ReminderSettings

TRY_AGAIN = timedelta(minutes=10)
"""Pause after which a step that reached nobody is told again."""
_TIMEOUT_S = 20.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """One message in words."""

    title: str
    text: str
    url: str | None
    link: str = "Open the labeling round"
    """Words of the link to the address."""
    name: str = "labeling_reminder"
    """Key under which notifiers find it in Airflow's context."""


def tell_reminders(context: Context, project: str, cycle_id: str, waiting: WaitForAnnotatorsSummary) -> datetime | None:
    """Tell each due step once, and note it in the project's root; return when to try again what reached nobody.

    A step is noted after it was told: a process that is killed in between tells it once more.
    """
    from pipeline_tasks.records.reminder import Reminder
    from pipeline_tasks.storage.history.reminders import note_reminder
    from pipeline_tasks.wiring.run import open_services

    has_failed = False
    with open_services(project, cycle_id, read_endpoints(project)) as services:
        settings = services.cycle.project.labeling.reminders
        assert settings is not None, "nothing is due without settings"
        for step in waiting.reminders_due:
            outcome = tell(context, _of_step(settings, step), message_of(project, step, waiting))
            told = [way for way, problem in outcome.items() if problem is None]
            failed = [f"{way}: {problem}" for way, problem in outcome.items() if problem is not None]
            has_failed |= not told
            if told:
                note_reminder(services.store.objects, cycle_id, Reminder(step, _now().isoformat(), told, failed))
                logger.info("%s: told over %s", step, ", ".join(told))
    return _now() + TRY_AGAIN if has_failed else None


def message_of(project: str, step: str, waiting: WaitForAnnotatorsSummary) -> Message:
    """The words of a step, from a look at the round."""
    hours, minutes = divmod(int(waiting.age_s) // 60, 60)
    so_far = f"{waiting.answered} of {waiting.tasks} labeling tasks are annotated after {hours} h {minutes} min"
    title = f"{project}: {'labeling waits too long' if step == 'escalate' else 'annotations are wanted'}: {so_far}"
    rest = f"The night waits for {waiting.tasks_wanted} of them, or until {waiting.deadline_at}."
    return Message(title, f"{title}. {rest}", waiting.url)


def _of_step(settings: ReminderSettings, step: str) -> NoticeSettings:
    return settings.escalate if step == "escalate" else settings.remind


def tell(context: Context, settings: NoticeSettings, message: Message) -> dict[str, str | None]:
    """Tell a message over every way that the settings name; way → why it failed, None if it worked."""
    outcome: dict[str, str | None] = {}
    for way, tell in _ways(context, settings, message):
        try:
            tell()
        except Exception as error:  # A notifier is anybody's code, and must not fail the night.
            logger.warning("The reminder over %s failed: %s: %s", way, type(error).__name__, error)
            outcome[way] = f"{type(error).__name__}: {error}"
        else:
            outcome[way] = None
    return outcome


def _ways(context: Context, settings: NoticeSettings, message: Message) -> Iterator[tuple[str, Callable[[], None]]]:
    if settings.email:
        yield f"email {', '.join(settings.email)}", lambda: _email(context, settings, message)
    if (slack := settings.slack) is not None:
        yield f"slack {slack}", lambda: _post(slack, message)
    for named in settings.notifiers:
        yield named, lambda named=named: _call(named, context, message)  # type: ignore[misc]


def _email(context: Context, settings: NoticeSettings, message: Message) -> None:
    """Send an e-mail by Airflow's own notifier."""
    try:
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier
    except ImportError as error:
        raise SettingsError("e-mail needs Airflow's SMTP provider: pip install apache-airflow-providers-smtp") from error
    link = f'<p><a href="{html.escape(message.url)}">{html.escape(message.link)}</a></p>' if message.url else ""
    body = f"<p>{html.escape(message.text)}</p>{link}"
    # Not called, but asked to notify: it would take braces in the text for a template.
    SmtpNotifier(to=list(settings.email), subject=message.title, html_content=body, smtp_conn_id=settings.smtp_connection).notify(
        context
    )


def _post(connection_id: str, message: Message) -> None:
    """Post `{"text": …}` to an incoming webhook, Slack's or another's. The address is a secret: no error names it."""
    import httpx

    connection = Connection.get(connection_id)
    if not connection.host:
        raise SettingsError(f"connection {connection_id}: wanted the webhook's address as host, found none")
    host = connection.host if "://" in connection.host else f"{connection.schema or 'https'}://{connection.host}"
    port = f":{connection.port}" if connection.port else ""
    address = "/".join(one.strip("/") for one in (host + port, connection.password) if one)
    text = message.text + (f" {message.url}" if message.url else "")
    try:
        response = httpx.post(address, json={"text": text}, timeout=_TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConnectionError(f"connection {connection_id}: {type(error).__name__}") from None
    if not response.is_success:
        raise ConnectionError(f"connection {connection_id}: the webhook answers {response.status_code}")


def _call(named: str, context: Context, message: Message) -> None:
    """Call a function or a notifier with Airflow's context, which has the message by its name."""
    module, _, attribute = named.partition(":")
    said = {"title": message.title, "text": message.text, "url": message.url}
    with_message: Any = dict(context) | {message.name: said}
    getattr(importlib.import_module(module), attribute)(with_message)


def _now() -> datetime:
    return datetime.now(timezone.utc)
