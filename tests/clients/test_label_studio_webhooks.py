"""Test that Label Studio's own webhook makes the next look begin early, and that nothing else does."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from clients.label_studio_server import RealLabelStudio
from nightlens_airflow.label_studio.webhook import WebhookReceiver

from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.clients.label_studio_async import AsyncConnection
from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.clients.label_studio_poller import Poller

pytestmark = pytest.mark.services

FORM = '<View><Image name="picture" value="$picture"/></View>'
AN_HOUR_S = 3600.0


class Recording(WebhookReceiver):
    """Keeps the bodies that came with the secret."""

    def take(self, body: bytes, headers: Mapping[str, str]) -> int:
        self.__dict__.setdefault("bodies", []).append(body)
        return super().take(body, headers)


@pytest.fixture
def bare(label_studio_server: RealLabelStudio) -> Connection:
    return Connection(label_studio_server.url, label_studio_server.token)


@pytest.fixture
def project(label_studio_server: RealLabelStudio, bare: Connection) -> Iterator[tuple[int, int]]:
    """A project with one open task: their ids."""
    mark = f"hooked-{time.time_ns()}"
    with LabelStudio(label_studio_server.url, label_studio_server.token) as client:
        project_id = client.find_or_create_project(mark, FORM, mark)
        (task_id,) = client.import_tasks(project_id, mark, [{"picture": "/x", "round_id": mark, "task_key": mark}]).values()
    yield project_id, task_id
    bare.delete(f"api/projects/{project_id}")


def test_a_webhook_of_label_studio__wakes_the_poller_and_no_forged_old_or_repeated_one_does(
    label_studio_server: RealLabelStudio, bare: Connection, project: tuple[int, int]
) -> None:
    (project_id, task_id), secret = project, secrets.token_hex(16)

    def hook(port: int) -> dict[str, Any]:
        """Add a webhook to the project, as people do in its settings."""
        wanted = {"url": f"http://127.0.0.1:{port}/", "project": project_id, "headers": {"X-Webhook-Secret": secret}}
        sends = {"send_payload": True, "send_for_all_actions": False, "actions": ["ANNOTATION_CREATED"], "is_active": True}
        # The tests' stack allows private addresses (given_stack); a server of one's own needs SSRF_PROTECTION_ENABLED=false, too.
        made: dict[str, Any] = bare.post("api/webhooks/", wanted | sends)
        return made

    async def looks() -> None:
        connection = AsyncConnection(label_studio_server.url, label_studio_server.token, requests_per_minute=6000)
        poller = Poller(connection)
        receiver = Recording({"ls": (secret, poller)})
        listening = await receiver.serve("127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        await asyncio.to_thread(hook, port)
        waiting = asyncio.create_task(poller.look(project_id, None, AN_HOUR_S))
        await asyncio.sleep(0)
        await asyncio.to_thread(bare.post, f"api/tasks/{task_id}/annotations", {"result": []})
        # Far less than the hour after which it looks anyway.
        assert (await asyncio.wait_for(waiting, 120)).answered == 1
        assert receiver.hints == 1

        waiting = asyncio.create_task(poller.look(project_id, None, AN_HOUR_S))
        await asyncio.sleep(0)
        (body,) = receiver.__dict__["bodies"]
        statuses = await _others(f"http://127.0.0.1:{port}/", secret, body, project_id)
        assert statuses == [409] * 100 + [401, 401, 422, 404, 413]
        assert (receiver.hints, waiting.done()) == (1, False)
        waiting.cancel()
        listening.close()
        await connection.close()

    asyncio.run(looks())


async def _others(address: str, secret: str, body: bytes, project_id: int) -> list[int]:
    """Statuses of what Label Studio did not send now: a hundred repetitions, unsigned, badly signed, old, strange, large."""
    signed = {"X-Webhook-Secret": secret}
    old, strange = json.loads(body), json.loads(body)
    old["annotation"]["updated_at"] = "2020-01-01T00:00:00Z"
    strange["project"]["id"] = project_id + 1
    async with httpx.AsyncClient(timeout=60) as sender:
        statuses = [(await sender.post(address, content=body, headers=signed)).status_code for _ in range(100)]
        for content, headers in (
            (body, {}),
            (body, {"X-Webhook-Secret": secret[::-1]}),
            (json.dumps(old).encode(), signed),
            (json.dumps(strange).encode(), signed),
        ):
            statuses.append((await sender.post(address, content=content, headers=headers)).status_code)
    return [*statuses, await _status_of_large(address, signed)]


async def _status_of_large(address: str, headers: dict[str, str]) -> int:
    """The status of 10 MB, read before all of it is sent, as the receiver closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(address).port)
    lines = ["POST / HTTP/1.1", f"Content-Length: {10_000_000}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status
