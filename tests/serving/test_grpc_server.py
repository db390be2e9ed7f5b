"""The server process over gRPC, as its clients see it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from serving.given_calls import SERVICE, a_method
from serving.given_server import ServerProcess, a_running_server, numbered_model
from serving.test_certificate import KEY, make_certificate
from tiny_model import an_image

from pipeline_tasks.serving.protocols import prediction_pb2 as messages

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with a_running_server(tmp_path, numbered_model(1), ServerProcess(tmp_path, has_grpc=True)) as (server, _, _):
        yield server


def _health(channel: Any, service: str = "") -> Any:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    return check(health_pb2.HealthCheckRequest(service=service), timeout=10).status


def test_server__predicts_over_both_protocols(server: ServerProcess) -> None:
    with grpc.insecure_channel(server.calls) as channel:
        prediction = a_method(channel)(messages.PredictRequest(image=an_image()), timeout=20)

    assert prediction.model_digest == server.predict(an_image()).json()["model_digest"]
    assert 'nightlens_requests_total{status="200"} 2.0' in server.get("/metrics").text


def test_server__publishes_its_service_by_reflection_and_at_an_address(server: ServerProcess) -> None:
    with grpc.insecure_channel(server.calls) as channel:
        reflected = ProtoReflectionDescriptorDatabase(channel)
        found = DescriptorPool(reflected).FindServiceByName(SERVICE)
        services = set(reflected.get_services())

    assert services == {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert [method.name for method in found.methods] == ["Predict", "PredictBatch"]
    assert "service PredictionServer {" in server.get("/prediction.proto").text


def test_server__reports_its_health_until_it_shuts_down(server: ServerProcess) -> None:
    with grpc.insecure_channel(server.calls) as channel:
        watch = channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        watched = watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=20)
        first = next(watched).status
        assert _health(channel) == _health(channel, SERVICE) == first == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as unknown:
            _health(channel, "other")
        server.process.terminate()
        assert next(watched).status == health_pb2.HealthCheckResponse.NOT_SERVING

    assert unknown.value.code() == grpc.StatusCode.NOT_FOUND
    assert server.process.wait(20) == 0


def test_server__finishes_running_calls_before_it_ends(server: ServerProcess) -> None:
    ended: list[tuple[str, float]] = []
    stopping = threading.Event()

    def keep_asking(number: int) -> None:
        with grpc.insecure_channel(server.calls) as channel:
            while not stopping.is_set():
                begun = time.monotonic()
                try:
                    a_method(channel)(messages.PredictRequest(image=an_image(seed=number)), timeout=20)
                    ended.append(("OK", begun))
                except grpc.RpcError as error:
                    ended.append((error.code().name, begun))
                    return

    clients = [threading.Thread(target=keep_asking, args=(number,)) for number in range(4)]
    for one in clients:
        one.start()
    while len(ended) < 20:
        time.sleep(0.01)
    told_at = time.monotonic()
    assert server.end() == 0
    stopping.set()
    for one in clients:
        one.join()

    # It takes calls for a second after the signal and finishes them. A later one finds nobody, or, in the moment in which the
    # port closes, is cancelled before it is read.
    assert {code for code, begun in ended if begun < told_at + 0.5} == {"OK"}
    assert {code for code, begun in ended} <= {"OK", "UNAVAILABLE", "CANCELLED"}


def test_server__refuses_load_beyond_its_bound_over_either_protocol_and_recovers(tmp_path: Path) -> None:
    configured = ServerProcess(tmp_path, has_grpc=True)
    with a_running_server(tmp_path, numbered_model(1), configured, max_waiting=2) as (server, _, _):
        with grpc.insecure_channel(server.calls) as channel, ThreadPoolExecutor(12) as clients:

            def ask(number: int) -> str:
                try:
                    a_method(channel)(messages.PredictRequest(image=an_image(seed=number)), timeout=20)
                except grpc.RpcError as error:
                    return str(error.code().name)
                return "OK"

            codes = Counter(clients.map(ask, range(120)))
            assert ask(0) == "OK"
        assert server.predict(an_image()).status_code == 200

    assert set(codes) == {"OK", "RESOURCE_EXHAUSTED"}


def test_server__speaks_tls_over_grpc_with_the_same_certificate_and_keys(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    configured = ServerProcess(
        tmp_path,
        has_grpc=True,
        scheme="https",
        arguments=("--certificate", str(certificate.chain), "--certificate-key", str(certificate.key)),
        environment={"NIGHTLENS_API_KEYS": KEY},
        headers={"X-Api-Key": KEY},
    )
    with a_running_server(tmp_path, numbered_model(1), configured) as (server, _, digest):
        trusting = grpc.ssl_channel_credentials(certificate.chain.read_bytes())
        with grpc.secure_channel(server.calls, trusting) as channel:
            request = messages.PredictRequest(image=an_image())
            prediction = a_method(channel)(request, timeout=20, metadata=(("authorization", f"Bearer {KEY}"),))
            with pytest.raises(grpc.RpcError) as refused:
                a_method(channel)(request, timeout=20)
            assert _health(channel) == health_pb2.HealthCheckResponse.SERVING

    assert prediction.model_digest == digest
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
