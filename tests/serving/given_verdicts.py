"""The prediction server's application over real decoding children, for many files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
from serving.given_server import promote
from tiny_model import tiny_model

from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.serving.application import ServerState, make_application
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.last_good import LastGood
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.serving.prediction_threads import PredictionThreads
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects


def reasons_of_the_server(files: Mapping[str, bytes], folder: Path) -> dict[str, str]:
    """File → `image` if the server predicts it, else the reason that it gives."""
    root = MemoryObjects()
    promote(root, tiny_model(), max_body_bytes=Limits().max_bytes)
    follower, metrics, log = Follower(root, LastGood(MemoryObjects()), "parts"), Metrics(), PredictionLog(folder)
    follower.look()
    with DecodingPool(1) as pool:
        threads = PredictionThreads(pool, log, metrics, threads=1)
        state = ServerState(follower, threads, metrics, ServerLimits(deadline_s=120.0))

        async def ask() -> dict[str, str]:
            transport = httpx.ASGITransport(make_application(state))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return {name: _reason(await client.post("/predict", content=content)) for name, content in files.items()}

        found = asyncio.run(ask())
        threads.close()
    log.close()
    return found


def _reason(response: httpx.Response) -> str:
    return "image" if response.is_success else str(response.json()["detail"]["reason"])
