from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from serving.given_calls import Refused, a_method, refused
from serving.test_application import Bench, _until, bench
from tiny_model import an_image, tiny_model

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.serving.api_keys import ApiKeys
from pipeline_tasks.serving.application import ServerState
from pipeline_tasks.serving.grpc_server import GrpcServer
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.protocols import prediction_pb2 as messages

__all__ = ["bench"]
KEY = "key-" + "k" * 20


def _ask(bench: Bench, asking: Callable[[Any], Coroutine[Any, Any, Any]], keys: ApiKeys | None = None) -> Any:
    async def run() -> Any:
        bench.state = ServerState(bench.follower, bench.prediction_threads, bench.metrics, bench.limits, keys=keys)
        server = GrpcServer(bench.state, "127.0.0.1:0", None)
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                return await asking(channel)
        finally:
            bench.decoder.gate.set()
            await server.stop()

    return asyncio.run(run())


def _predict(bench: Bench, content: bytes, **call: Any) -> Any:
    async def asking(channel: Any) -> Any:
        try:
            return await a_method(channel)(messages.PredictRequest(image=content), **call)
        except grpc.aio.AioRpcError as error:
            return refused(error)

    return _ask(bench, asking)


def test_predict__over_grpc_says_what_it_says_over_http(bench: Bench) -> None:
    bench.serve()
    over_http = bench.predict(an_image(seed=3)).json()

    prediction = _predict(bench, an_image(seed=3))

    about = {name: getattr(prediction, name) for name in ("prediction_id", "image_id", "model_digest", "dataset_id", "route")}
    assert about | MessageToDict(prediction.content) == over_http | {"prediction_id": prediction.prediction_id}
    assert [line["prediction_id"] for line in bench.logged()] == [over_http["prediction_id"], prediction.prediction_id]
    assert 'nightlens_requests_total{status="200"} 2.0' in bench.metrics.as_text().decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not_an_image"),
        (an_image(file_format="JPEG")[:400], "truncated"),
        (b"x" * 100_001, "too_many_bytes"),
    ],
)
def test_predict__refuses_what_is_no_image_as_an_invalid_argument(bench: Bench, content: bytes, reason: str) -> None:
    bench.serve()

    refused = _predict(bench, content)

    assert (refused.code, refused.metadata["nightlens-reason"]) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert refused.why


def test_predict__refuses_another_bit_depth(bench: Bench) -> None:
    bench.serve()

    async def asking(channel: Any) -> Any:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await a_method(channel)(messages.PredictRequest(image=an_image(), bit_depth=99))
        return refused(error.value)

    assert "from 8 to 16, found '99'" in _ask(bench, asking).why


def test_predict__says_that_there_is_no_model_yet(bench: Bench) -> None:
    refused = _predict(bench, an_image())

    assert (refused.code, refused.metadata["nightlens-reason"]) == (grpc.StatusCode.UNAVAILABLE, "no_model")


def test_predict__is_exhausted_when_no_decoder_starts(bench: Bench) -> None:
    bench.serve()
    bench.decoder.error = ServiceUnavailableError("no child can be started")

    assert _predict(bench, an_image()).code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_predict__shares_the_bound_on_waiting_images_with_http(bench: Bench) -> None:
    bench.serve(max_waiting=2)
    bench.decoder.gate.clear()

    async def crowd(channel: Any) -> Any:
        method = a_method(channel)
        waiting = [method(messages.PredictRequest(image=an_image(seed=one))) for one in range(2)]
        ends = [asyncio.ensure_future(one.code()) for one in waiting]
        await _until(lambda: bench.metrics.admitted._value.get() == 2)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await method(messages.PredictRequest(image=an_image(seed=9)))
        bench.decoder.gate.set()
        return refused(error.value), [await one for one in ends]

    turned_away, codes = _ask(bench, crowd)

    assert turned_away.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert turned_away.why == "2 of at most 2 images are waiting or running."
    assert turned_away.metadata["grpc-retry-pushback-ms"] == "1000"
    assert codes == [grpc.StatusCode.OK] * 2


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_predict__that_was_cancelled_or_is_past_its_deadline_never_reaches_the_model(bench: Bench, is_cancelled: bool) -> None:
    bench.serve()
    bench.decoder.gate.clear()

    async def leave(channel: Any) -> list[Any]:
        method = a_method(channel)
        calls = [
            method(messages.PredictRequest(image=an_image(seed=one)), timeout=None if is_cancelled else 0.5) for one in range(20)
        ]
        ends = [asyncio.ensure_future(call.code()) for call in calls]
        await _until(lambda: bench.metrics.admitted._value.get() == 20)
        for call in calls if is_cancelled else ():
            call.cancel()
        codes = [await end for end in ends]
        await _until(lambda: bench.metrics.admitted._value.get() == 1)
        return codes

    codes = _ask(bench, leave)
    bench.prediction_threads.close()

    assert set(codes) == {grpc.StatusCode.CANCELLED if is_cancelled else grpc.StatusCode.DEADLINE_EXCEEDED}
    assert (bench.decoder.began, bench.logged()) == (1, [])
    assert bench.metrics.abandoned._value.get() == 20
    assert bench.metrics.admitted._value.get() == 0


def test_predict__takes_no_longer_than_the_server_allows(bench: Bench) -> None:
    bench.limits = ServerLimits(deadline_s=0.2)
    bench.serve()
    bench.decoder.gate.clear()

    refused = _predict(bench, an_image(), timeout=30)

    assert (refused.code, refused.metadata["nightlens-reason"]) == (grpc.StatusCode.DEADLINE_EXCEEDED, "too_slow")


def test_predict_batch__gives_each_image_its_prediction_or_its_refusal(bench: Bench) -> None:
    bench.serve()
    contents = [an_image((255, 0, 0)), b"hello", an_image((0, 255, 0)), b"x" * 100_001]

    async def asking(channel: Any) -> Any:
        requests = [messages.PredictRequest(image=content) for content in contents]
        return await a_method(channel, "PredictBatch")(messages.PredictBatchRequest(requests=requests))

    results = _ask(bench, asking).results

    assert [one.prediction.content["class_name"] if one.HasField("prediction") else None for one in results] == [
        "bolt",
        None,
        "nut",
        None,
    ]
    refusals = [(one.refusal.code, one.refusal.reason) for one in results if one.HasField("refusal")]
    assert refusals == [(grpc.StatusCode.INVALID_ARGUMENT.value[0], "not_an_image"), (3, "too_many_bytes")]


@pytest.mark.parametrize(("count", "reason"), [(0, "no_image"), (9, "too_many_images"), (33, "too_many_images")])
def test_predict_batch__refuses_none_and_too_many(bench: Bench, count: int, reason: str) -> None:
    bench.serve(max_waiting=8)

    async def asking(channel: Any) -> Refused:
        requests = [messages.PredictRequest(image=an_image())] * count
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await a_method(channel, "PredictBatch")(messages.PredictBatchRequest(requests=requests))
        return refused(error.value)

    assert _ask(bench, asking).metadata["nightlens-reason"] == reason


def test_predict__wants_a_key_if_the_server_has_keys(bench: Bench) -> None:
    bench.serve()

    async def asking(channel: Any) -> Any:
        method, request = a_method(channel), messages.PredictRequest(image=an_image())
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await method(request)
        return refused(error.value), [
            (await method(request, metadata=((name, value),))).route
            for name, value in (("authorization", f"Bearer {KEY}"), ("x-api-key", KEY))
        ]

    turned_away, routes = _ask(bench, asking, ApiKeys([KEY]))

    assert (turned_away.code, turned_away.metadata["nightlens-reason"]) == (grpc.StatusCode.UNAUTHENTICATED, "wrong_key")
    assert routes == ["champion"] * 2


def test_server__bounds_calls_and_messages(bench: Bench) -> None:
    bench.serve(tiny_model())
    bench.limits = replace(bench.limits, max_message_bytes=50_000)

    assert _predict(bench, b"x" * 60_000).code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_server__refuses_an_address_that_is_taken(bench: Bench) -> None:
    async def twice(_: Any) -> None:
        state = ServerState(bench.follower, bench.prediction_threads, bench.metrics, bench.limits)
        first = GrpcServer(state, "127.0.0.1:0", None)
        await first.start()
        try:
            with pytest.raises(SystemExit, match=f"--grpc-port: 127.0.0.1:{first.port} cannot be used"):
                await GrpcServer(state, f"127.0.0.1:{first.port}", None).start()
        finally:
            await first.stop()

    _ask(bench, twice)
