"""Tests that all waiting rounds share one poller, through which no server is asked more often than allowed."""

from __future__ import annotations

import asyncio
import base64
import json

import httpx
import pytest
from drills.label_studio_pollers import wait_for_all

from pipeline_tasks.clients.label_studio_async import AsyncConnection
from pipeline_tasks.clients.label_studio_errors import NotThereError
from pipeline_tasks.clients.label_studio_poller import Poller, RoundSeen, form_digest, poller_of
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

pytestmark = pytest.mark.airflow

PERSONAL = ".".join(["h", base64.urlsafe_b64encode(json.dumps({"token_type": "refresh"}).encode()).decode().rstrip("="), "s"])
FORM = "<View/>"


class Server:
    """One project with ten tasks, of which so many are answered."""

    def __init__(self) -> None:
        self.answered, self.asked, self.status, self.headers = 0, list[str](), 200, list[str]()

    def connection(self, token: str = "a" * 40, per_minute: float = 60_000) -> AsyncConnection:
        return AsyncConnection("http://ls", token, requests_per_minute=per_minute, transport=httpx.MockTransport(self.handle))

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        self.headers.append(request.headers.get("Authorization", ""))
        if self.status != 200:
            return httpx.Response(self.status)
        if request.url.path == "/api/token/refresh/":
            return httpx.Response(200, json={"access": "fresh"})
        counts = {"task_number": 10, "total_annotations_number": self.answered, "finished_task_number": self.answered}
        if request.url.path == "/api/projects":
            return httpx.Response(
                200, json={"results": [{"id": 1, "label_config": FORM, "skipped_annotations_number": 0} | counts]}
            )
        return httpx.Response(200, json={"total": self.answered})


def test_poller__asks_once_for_all_and_again_only_for_rounds_that_moved() -> None:
    server = Server()

    async def looks() -> list[RoundSeen]:
        poller = Poller(server.connection())
        await asyncio.gather(*(poller.look(1, f"round-{n}", 0.01) for n in range(5)))
        asked = server.asked.copy()
        await asyncio.gather(*(poller.look(1, f"round-{n}", 0.01) for n in range(5)))
        assert asked == ["/api/projects", *["/api/tasks"] * 5]
        assert server.asked[6:] == ["/api/projects"]
        server.answered = 3
        return await asyncio.gather(poller.look(1, "round-0", 0.01), poller.look(1, None, 0.01), poller.look(2, None, 0.01))

    one, whole, gone = asyncio.run(looks())
    assert one == whole == RoundSeen(10, 3, form_digest(FORM))
    assert gone.is_gone


def test_poller__tells_everybody_that_label_studio_is_away_and_goes_on_when_it_is_back() -> None:
    server = Server()

    async def looks() -> None:
        poller = Poller(server.connection())
        server.status = 503
        outcomes = await asyncio.gather(*(poller.look(1, f"round-{n}", 0.01) for n in range(3)), return_exceptions=True)
        assert [type(one) for one in outcomes] == [ServiceUnavailableError] * 3
        server.status = 401
        with pytest.raises(ServiceRefusedError, match="put a valid API token"):
            await poller.look(1, "round-0", 0.01)
        server.status = 200
        assert (await poller.look(1, "round-0", 0.01)).tasks == 10

    asyncio.run(looks())


def test_poller__is_woken_by_a_hint_before_its_time() -> None:
    server = Server()

    async def looks() -> RoundSeen:
        poller = Poller(server.connection())
        waiting = asyncio.create_task(poller.look(1, None, 3600))
        await asyncio.sleep(0.01)
        poller.wake()
        return await asyncio.wait_for(waiting, 5)

    assert asyncio.run(looks()).tasks == 10


def test_poller__looks_again_at_once_after_a_hint_that_came_while_it_asked() -> None:
    server = Server()

    async def looks() -> RoundSeen:
        poller = Poller(server.connection())

        def handle(request: httpx.Request) -> httpx.Response:
            counted = server.handle(request)
            if server.answered == 0:
                # Somebody annotates just after the counts were read, and the webhook comes before the pass is over.
                server.answered = 3
                assert poller.waits_for(1)
                poller.wake()
            return counted

        poller.connection = AsyncConnection(
            "http://ls", "a" * 40, requests_per_minute=60_000, transport=httpx.MockTransport(handle)
        )
        poller.wake()
        assert (await poller.look(1, None, 3600)).answered == 0
        return await asyncio.wait_for(poller.look(1, None, 3600), 60)

    assert asyncio.run(looks()).answered == 3


def test_poller__is_one_a_server_and_loop() -> None:
    async def both() -> bool:
        return poller_of("http://ls", "a" * 40, 60) is poller_of("http://ls", "a" * 40, 60)

    assert asyncio.run(both())


def test_async_connection__renews_a_personal_token_once_and_again_after_a_refusal() -> None:
    server = Server()

    async def asks() -> None:
        connection = server.connection(PERSONAL)
        await connection.get("api/projects")
        await connection.get("api/projects")
        server.status = 401
        with pytest.raises(ServiceRefusedError):
            await connection.get("api/projects")
        server.status = 404
        with pytest.raises(NotThereError):
            await connection.get("api/token/refresh/")

    asyncio.run(asks())
    assert server.asked[:3] == ["/api/token/refresh/", "/api/projects", "/api/projects"]
    assert server.headers[1:3] == ["Bearer fresh"] * 2
    assert server.asked.count("/api/token/refresh/") == 2


def test_async_connection__keeps_to_its_requests_a_minute() -> None:
    server = Server()

    paused_s: list[float] = []

    async def pause(seconds: float) -> None:
        paused_s.append(seconds)

    async def asks() -> None:
        connection = AsyncConnection("http://ls", "a" * 40, transport=httpx.MockTransport(server.handle), requests_per_minute=1)
        connection.sleep = pause
        await asyncio.gather(*(connection.get("api/projects") for _ in range(4)))

    asyncio.run(asks())
    assert [round(seconds / 60) for seconds in paused_s] == [1, 2, 3], "no time passes here, so each waits a minute longer"


def test_triggers__of_many_rounds_all_fire_through_one_poller() -> None:
    outcome = asyncio.run(wait_for_all(rounds=60, projects=6, seconds=0.3, per_minute=60_000, every_s=0.05))

    assert (outcome.fired, outcome.failed) == (60, 0)
