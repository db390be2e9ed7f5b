"""Help for people in Label Studio: the addresses at which it asks a machine learning backend, with a token of their own."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from pipeline_tasks.errors import ModelError, RejectedFileError, ServiceUnavailableError
from pipeline_tasks.json_values import Json
from pipeline_tasks.serving.body import Bodies
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.prediction_threads import PredictionThreads, Suggestion
from pipeline_tasks.serving.refusal import refusal, too_busy
from pipeline_tasks.serving.served import Served
from pipeline_tasks.serving.shown_images import ShownImages

PREFIX = "/label_studio"
MOST_TASKS = 100
MAX_BODY_BYTES = 8_000_000
"""Tasks come with their annotations, and run lengths of brushes are long."""
LIMIT_S = 90.0
"""Time for one request; Label Studio gives up after 100 s."""
FIELD = "picture"
"""Field of a labeling task's data with the address of its image."""
_ASK = {"WWW-Authenticate": 'Basic realm="Nightlens"'}


@dataclass(frozen=True)
class BackendAccess:
    """Token that Label Studio must send, and the images that it may ask about."""

    token: str
    images: ShownImages


class LabelStudioBackend:
    """Suggestions of the champion for labeling tasks; one request at a time, so that it never crowds out /predict."""

    def __init__(self, access: BackendAccess | None, follower: Follower, threads: PredictionThreads, limits: ServerLimits) -> None:
        """Without `access` every request is refused."""
        self._access, self._follower, self._threads, self._limits = access, follower, threads, limits
        self._bodies, self._turn = Bodies(limits), asyncio.Lock()

    def admit(self, request: Request) -> BackendAccess:
        """Check the token: the password of Basic authentication, whatever the name is, or a bearer token.

        Raises:
            HTTPException: 503 the server was started without a token, 401 another or none was sent.
        """
        if self._access is None:
            raise refusal(503, "not_set_up", "This server was started without a token for Label Studio, so it helps nobody there.")
        sent = _token_of(request.headers.get("authorization", ""))
        if not hmac.compare_digest(sent.encode(), self._access.token.encode()):
            raise refusal(401, "wrong_token", "Wanted this server's token for Label Studio as the password.", _ASK)
        return self._access

    def model_version(self) -> str:
        """First digits of the champion's digest."""
        return self._served().champion.digest[:12]

    async def predict(self, request: Request) -> dict[str, Json]:
        """A suggestion for each task, in their order.

        Raises:
            HTTPException: the request or a task cannot be used, or there is no model; nothing is suggested then.
        """
        access = self.admit(request)
        if self._turn.locked():
            raise too_busy("Another request of Label Studio is being worked on.", self._limits.retry_after_s)
        async with self._turn:
            with self._bodies.room_for(MAX_BODY_BYTES) as room:
                addresses = _addresses(await room.read_image(request))
            try:
                async with asyncio.timeout(LIMIT_S):
                    return {"results": await self._results(access, addresses)}
            except TimeoutError:
                raise refusal(504, "too_slow", f"{len(addresses)} tasks took more than {LIMIT_S:g} s; ask for fewer.") from None

    async def _results(self, access: BackendAccess, addresses: Sequence[str]) -> list[Json]:
        served, contents = self._served(), []
        for number, address in enumerate(addresses, start=1):
            content = await asyncio.to_thread(access.images.read, address)
            if content is None:
                raise refusal(422, "no_image", f"Task {number} shows no image of this project: {address[:200]!r}.")
            contents.append(content)
        jobs = [asyncio.wrap_future(self._threads.suggest(content, served)) for content in contents]
        try:
            return [_result(one) for one in await asyncio.gather(*jobs)]
        except RejectedFileError as error:
            raise refusal(422, error.reason, error.detail) from None
        except ModelError as error:
            raise refusal(422, "no_suggestions", str(error)) from None
        except ServiceUnavailableError as error:
            raise too_busy(str(error), self._limits.retry_after_s) from None
        finally:
            for job in jobs:
                job.cancel()

    def _served(self) -> Served:
        if (served := self._follower.served) is None:
            raise refusal(503, "no_model", "There is no model yet: nothing has been promoted, or it could not be loaded.")
        return served


def add_routes(application: FastAPI, backend: LabelStudioBackend) -> None:
    """The addresses below `PREFIX`; Label Studio sends the token to each."""

    @application.get(f"{PREFIX}/health")
    async def health(request: Request) -> dict[str, str]:
        """Say that Label Studio may ask, whether there is a model or not."""
        backend.admit(request)
        return {"status": "UP", "model_class": "Nightlens"}

    @application.post(f"{PREFIX}/setup")
    async def setup(request: Request) -> dict[str, str]:
        """Name the model. The body, which holds a token of Label Studio's, is not read."""
        backend.admit(request)
        return {"model_version": backend.model_version()}

    @application.post(f"{PREFIX}/webhook", status_code=204)
    async def webhook() -> None:
        """Read nothing: Label Studio tells a connected backend of every annotation, without the token."""

    @application.post(f"{PREFIX}/predict")
    async def suggest(request: Request) -> JSONResponse:
        """Suggest annotations for labeling tasks, in Label Studio's own form."""
        return JSONResponse(await backend.predict(request))


def _token_of(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _addresses(body: bytes) -> list[str]:
    """Address of each task's image."""
    tasks = _tasks(body)
    if not 0 < len(tasks) <= MOST_TASKS:
        raise refusal(422, "bad_tasks", f"Wanted 1 to {MOST_TASKS} tasks, found {len(tasks)}.")
    found = [data.get(FIELD) if isinstance(data := _data(task), dict) else None for task in tasks]
    for number, address in enumerate(found, start=1):
        if not isinstance(address, str):
            raise refusal(422, "bad_tasks", f"Task {number} has no address of an image in data.{FIELD}.")
    return [str(one) for one in found]


def _tasks(body: bytes) -> list[Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise refusal(422, "bad_json", "Wanted a JSON object with a list of tasks.") from None
    tasks = content.get("tasks") if isinstance(content, dict) else None
    if not isinstance(tasks, list):
        raise refusal(422, "bad_json", "Wanted a JSON object with a list of tasks.")
    return tasks


def _data(task: Any) -> Any:
    return task.get("data") if isinstance(task, dict) else None


def _result(one: Suggestion) -> dict[str, Json]:
    return {"model_version": one.model_digest[:12], "result": one.result, "score": one.confidence}
