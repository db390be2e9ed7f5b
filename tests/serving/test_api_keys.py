from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from serving.test_application import Bench, bench
from tiny_model import an_image

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.serving.api_keys import ApiKeys, api_keys
from pipeline_tasks.serving.application import ServerState, make_application

__all__ = ["bench"]
FIRST, SECOND = "first-" + "a" * 20, "second-" + "b" * 20


def _ask(
    bench: Bench, path: str = "/predict", headers: dict[str, str] | None = None, keys: ApiKeys | None = None
) -> httpx.Response:
    state = ServerState(
        bench.follower, bench.prediction_threads, bench.metrics, bench.limits, keys=keys or ApiKeys([FIRST, SECOND])
    )

    async def asking(client: httpx.AsyncClient) -> httpx.Response:
        if path.startswith("/predict"):
            return await client.post(path, content=an_image(), headers=headers)
        return await client.get(path, headers=headers)

    response: httpx.Response = bench.run(make_application(state), asking)
    return response


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {FIRST}"}, {"authorization": f"bearer  {SECOND} "}, {"X-Api-Key": SECOND}]
)
def test_key_gate__lets_each_key_in_by_either_header(bench: Bench, headers: dict[str, str]) -> None:
    bench.serve()

    assert _ask(bench, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, "none"),
        ({"Authorization": f"Bearer {FIRST}x"}, "another one"),
        ({"Authorization": f"Basic {FIRST}"}, "none"),
        ({"X-Api-Key": FIRST[:-1]}, "another one"),
        ({"X-Api-Key": "\xff"}, "another one"),
    ],
)
def test_key_gate__refuses_without_a_key_and_says_how_to_send_it(bench: Bench, headers: dict[str, str], found: str) -> None:
    bench.serve()

    response = _ask(bench, headers={name: value.encode("latin-1") for name, value in headers.items()})  # type: ignore[misc]

    assert (response.status_code, response.json()["detail"]["reason"]) == (401, "wrong_key")
    assert response.json()["detail"]["why"].endswith(f"`X-Api-Key: KEY`, found {found}.")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert bench.decoder.began == 0
    assert FIRST not in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/label_studio/health", 503),
        ("/metrics", 401),
        ("/predict_batch", 401),
        ("/healthz/../metrics", 401),
        ("//metrics", 401),
        ("/nothing", 401),
    ],
)
def test_key_gate__opens_probes_and_documentation_only(bench: Bench, path: str, status: int) -> None:
    bench.serve()

    assert _ask(bench, path).status_code == status


def test_api_keys__are_read_again_when_their_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# ours\n{FIRST}\n\n{SECOND}\n")
    keys = api_keys({"NIGHTLENS_API_KEYS_FILE": str(file)})
    assert keys is not None
    assert (keys.accepts(FIRST), keys.accepts(SECOND), keys.accepts("# ours"), keys.accepts("")) == (True, True, False, False)

    _replace(file, SECOND)
    assert (keys.accepts(FIRST), keys.accepts(SECOND)) == (False, True)

    _replace(file, "short")
    assert keys.accepts(SECOND)


def _replace(file: Path, content: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(content)
    os.replace(new, file)


def test_api_keys__are_optional() -> None:
    assert api_keys({}) is None


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"NIGHTLENS_API_KEYS": ""}, "wanted at least one key, found none"),
        ({"NIGHTLENS_API_KEYS": f"{FIRST} short"}, "key 2: wanted at least 20 ASCII characters, found 5"),
        ({"NIGHTLENS_API_KEYS_FILE": "/nowhere/keys"}, "/nowhere/keys cannot be read"),
        ({"NIGHTLENS_API_KEYS_FILE": "/nowhere/keys", "NIGHTLENS_API_KEYS": FIRST}, "both set"),
    ],
)
def test_api_keys__that_cannot_be_used_are_refused_without_being_repeated(environment: dict[str, str], why: str) -> None:
    with pytest.raises(SettingsError, match=why) as refused:
        api_keys(environment)

    assert FIRST not in str(refused.value)
