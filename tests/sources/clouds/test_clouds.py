"""Tests of Google Cloud Storage (gcs) and Azure Blob Storage (azure) as sources, each against a server that speaks its dialect."""

from __future__ import annotations

import base64
import json
import logging
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError
from sources.clouds.a_small_cloud import BUCKET, SmallCloud, a_small_cloud

from pipeline_tasks.errors import RejectedFileError, ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.settings.source import settings_model
from pipeline_tasks.sources.clouds.azure_key import AzureKey
from pipeline_tasks.sources.clouds.cloud_source import CloudSource
from pipeline_tasks.sources.source import open_source

AZURE_KEY = base64.b64encode(b"a secret of an account").decode()
SAS = "?sv=2024-11-04&sp=rl&sig=c2VjcmV0%3D"
HELD = {"line 7/a+b&ü.png": b"one", "line 7/c.png": b"two", "line 7/.hidden": b"x", "line 7/d.png": b"four", "other/e.png": b"y"}


@pytest.fixture
def cloud() -> Iterator[SmallCloud]:
    with a_small_cloud(HELD) as held:
        yield held


def a_source(cloud: SmallCloud, kind: str, key: str | None = AZURE_KEY, **given: Any) -> CloudSource:
    own = (
        {"url": f"gs://{BUCKET}/line 7", "is_public": True} if kind == "gcs" else {"url": f"az://{BUCKET}/line 7", "account": "acc"}
    )
    fields = {"name": "camera", "kind": kind, "endpoint": cloud.url} | own | given
    model = settings_model(fields)
    assert model is not None
    source = open_source(model.model_validate(fields | ({"connection": "cam"} if key else {})), Path(), key_of=lambda _: key or "")
    assert isinstance(source, CloudSource)
    return source


both = pytest.mark.parametrize("kind", ["gcs", "azure"])


@both
def test_source__lists_all_pages_below_its_prefix_and_reads_every_object(cloud: SmallCloud, kind: str) -> None:
    source = a_source(cloud, kind)

    files = list(source.list_files())

    assert [file.key for file in files] == ["a+b&ü.png", "c.png", "d.png"]
    assert [source.read(file.key, file.object_version) for file in files] == [b"one", b"two", b"four"]
    assert [(one.key, one.reason) for one in source.left_out()] == [(".hidden", "hidden")]
    assert files[0].size_bytes == 3
    assert files[0].modified_at is not None
    assert files[0].modified_at.replace(microsecond=0) == datetime(2026, 11, 20, 10, tzinfo=timezone.utc)


@both
def test_source__never_reads_another_version_than_the_one_listed(cloud: SmallCloud, kind: str) -> None:
    source = a_source(cloud, kind)
    listed = {file.key: file.object_version for file in source.list_files()}
    cloud.put("line 7/c.png", b"two")
    del cloud.objects["line 7/d.png"]

    refused = {}
    for key in ("c.png", "d.png"):
        with pytest.raises(RejectedFileError) as caught:
            source.read(key, listed[key])
        refused[key] = caught.value.reason

    assert refused == {"c.png": "vanished" if kind == "gcs" else "changed_while_reading", "d.png": "vanished"}
    assert {file.key: file.object_version for file in source.list_files()}["c.png"] != listed["c.png"], "the same bytes, put anew"


@both
def test_source__refuses_bytes_that_are_not_those_of_the_store(cloud: SmallCloud, kind: str) -> None:
    source = a_source(cloud, kind)
    listed = {file.key: file.object_version for file in source.list_files()}
    cloud.trouble = {"line 7/c.png": [b"TWO"], "line 7/d.png": [b"for"] * 3}

    assert source.read("c.png", listed["c.png"]) == b"two", "the second try has them"
    with pytest.raises(RejectedFileError, match=r"unreadable: d.png: wanted 4 bytes, found 3"):
        source.read("d.png", listed["d.png"])


@both
def test_source__asks_again_while_the_store_is_overloaded(cloud: SmallCloud, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    source = a_source(cloud, kind)
    monkeypatch.setattr(source._store._asking, "_sleep", slept.append)  # type: ignore[attr-defined]
    cloud.trouble = {"list": [503, 429]}

    assert len(list(source.list_files())) == 3
    assert slept == [0.5, 1.0]
    cloud.trouble = {"list": [503] * 5}
    with pytest.raises(ServiceUnavailableError, match=f"{BUCKET} at http.*overloaded or failing .status 503., also after 5 tries"):
        list(source.list_files())


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("gcs", 403, r"may not use storage.objects.list \(trouble\); give it the role Storage Object Viewer"),
        ("gcs", 401, "renew the key of the connection"),
        ("azure", 403, r"cam may not list \(AuthorizationPermissionMismatch\); allow `Read` and `List`"),
        ("azure", 400, r"refuses to list with status 400 \(Trouble\)"),
    ],
)
def test_source__says_what_the_store_refuses_and_the_fix(cloud: SmallCloud, kind: str, status: int, said: str) -> None:
    cloud.trouble = {"list": [status]}

    with pytest.raises(ServiceRefusedError, match=said):
        list(a_source(cloud, kind).list_files())


@pytest.mark.parametrize(("kind", "url"), [("gcs", "gs://no-such-bucket"), ("azure", "az://no-such-container")])
def test_source__says_that_there_is_no_such_bucket(cloud: SmallCloud, kind: str, url: str) -> None:
    with pytest.raises(ServiceRefusedError, match=r"there is no such (bucket|container); correct `url`"):
        list(a_source(cloud, kind, url=url).list_files())


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("gcs", b"<html>&"),
        ("gcs", b"[]"),
        ("gcs", b'{"items": [{"name": "a.png"}]}'),
        ("gcs", b'{"items": [{"name": "a.png", "size": "x", "generation": 1, "updated": "never"}]}'),
        ("azure", b"<html>&"),
        ("azure", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'),
        ("azure", b"<R><Blobs><Blob><Name>a.png</Name></Blob></Blobs></R>"),
        ("azure", b"<R><Blobs><Blob><Name>a.png</Name><Properties/></Blob></Blobs></R>"),
    ],
)
def test_source__says_that_another_server_answers(cloud: SmallCloud, kind: str, page: bytes) -> None:
    cloud.trouble = {"list": [page]}

    with pytest.raises(ServiceRefusedError, match="is `endpoint` right"):
        list(a_source(cloud, kind).list_files())


@both
def test_source__is_away_if_nothing_listens(cloud: SmallCloud, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        source = a_source(cloud, kind, endpoint=f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setattr(source._store._asking, "_sleep", lambda _: None)  # type: ignore[attr-defined]

        with pytest.raises(ServiceUnavailableError, match="does not answer: ConnectError"):
            list(source.list_files())


def test_azure__leaves_archived_blobs_out(cloud: SmallCloud) -> None:
    cloud.archived = {"line 7/c.png"}
    source = a_source(cloud, "azure")

    assert [file.key for file in source.list_files()] == ["a+b&ü.png", "d.png"]
    assert ("c.png", "archived") in [(one.key, one.reason) for one in source.left_out()]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("gcs", {"url": "s3://bucket"}),
        ("azure", {"url": "az://"}),
        ("gcs", {"endpoint": "http://storage.example.com"}),
        ("azure", {"endpoint": "ftp://x"}),
    ],
)
def test_settings__refuse_addresses_that_cannot_be_meant_or_show_the_key(
    cloud: SmallCloud, kind: str, wrong: dict[str, str]
) -> None:
    with pytest.raises(ValidationError, match=r"must be (gs|az)://|must begin with https://"):
        a_source(cloud, kind, **wrong)


def test_key__of_azure_is_an_account_key_a_sas_token_or_a_connection_string() -> None:
    string = f"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={AZURE_KEY};EndpointSuffix=core.windows.net"

    assert AzureKey.of("camera", "acc", string) == AzureKey.of("camera", "acc", AZURE_KEY)
    assert AzureKey.of("camera", "acc", SAS).sas == SAS[1:]
    assert AzureKey.of("camera", "acc", None) == AzureKey("acc")
    assert "secret" not in repr(AzureKey.of("camera", "acc", AZURE_KEY))
    with pytest.raises(SettingsError, match="source camera: wanted as the connection's key an account's key"):
        AzureKey.of("camera", "acc", "no key at all")


def test_azure__signs_requests_with_the_key_of_the_account() -> None:
    """Signatures that were made in this way were accepted by Azurite 3, whose key is public."""
    key = AzureKey.of("camera", "devstoreaccount1", AZURITE_KEY)
    headers = {"Accept-Encoding": "gzip", "x-ms-date": "Mon, 30 Nov 2026 02:00:00 GMT", "x-ms-version": "2021-12-02"}
    url = "http://127.0.0.1:10411/devstoreaccount1/cam?restype=container&comp=list&prefix=line%207%2F"

    assert key.authorization(url, headers) == "SharedKey devstoreaccount1:JKSJ0NWAVDme16u2qydjQAhNjBFZ2T12ZHnFi78hsPU="


def test_sas_token__is_in_no_log(cloud: SmallCloud, caplog: pytest.LogCaptureFixture) -> None:
    source = a_source(cloud, "azure", key=SAS)
    with caplog.at_level(logging.DEBUG, "httpx"):
        list(source.list_files())

    assert "sig=" not in caplog.text


def test_gcs__asks_with_the_token_of_a_service_account(cloud: SmallCloud) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    info = {"type": "service_account", "client_email": "reader@project", "private_key": pem, "token_uri": f"{cloud.url}/token"}

    files = list(a_source(cloud, "gcs", key=json.dumps(info), is_public=False).list_files())

    assert len(files) == 3
    assert cloud.headers[-1]["Authorization"] == "Bearer a-token"


def test_gcs__says_that_a_key_is_no_key_file(cloud: SmallCloud) -> None:
    with pytest.raises(SettingsError, match="not the JSON key file of a service account"):
        a_source(cloud, "gcs", key="AIza-no-key-file", is_public=False)


AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
