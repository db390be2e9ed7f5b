"""Tests of trying a bucket of Google's and a container of Azure's, each against a server that speaks its dialect."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from sources.clouds.a_small_cloud import BUCKET, SmallCloud, a_small_cloud

from pipeline_tasks.__main__ import main

ACCOUNT_KEY = base64.b64encode(b"a secret of an account").decode()


@pytest.fixture
def cloud() -> Iterator[SmallCloud]:
    with a_small_cloud({"in/empty": b"", "in/a.jpg": b"abc"}) as held:
        yield held


def said(cloud: SmallCloud, capsys: pytest.CaptureFixture[str], scheme: str, *words: str) -> tuple[int, list[str]]:
    own = ["--public"] if scheme == "gs" else ["--account", "acc"]
    status = main(["connect", f"{scheme}://{BUCKET}/in", "--endpoint", cloud.url, *own, *words])
    printed = capsys.readouterr()
    return status, (printed.out + printed.err).splitlines()


def keep_key(folder: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    (folder / "key").write_text(key)
    monkeypatch.setenv("NIGHTLENS_WEB_CAM_TOKEN_FILE", str(folder / "key"))


@pytest.mark.parametrize(("scheme", "least"), [("gs", "roles/storage.objectViewer"), ("az", f"--name {BUCKET} --permissions rl")])
def test_connect__lists_and_reads_as_a_source_does_and_says_the_least_rights(
    cloud: SmallCloud, capsys: pytest.CaptureFixture[str], scheme: str, least: str
) -> None:
    status, lines = said(cloud, capsys, scheme)

    assert status == 0
    assert lines[:2] == [
        "fine    list: allowed; the first object is 'a.jpg'",
        "fine    read: allowed; read the 3 bytes of 'a.jpg'",
    ]
    assert lines[-3].startswith("        write: not tried: nothing is ever written to a source")
    assert least in lines[-1]


@pytest.mark.parametrize(
    ("scheme", "trouble", "failed"),
    [
        ("gs", {"list": [403, 403]}, "storage.objects.list (trouble); give it the role Storage Object Viewer"),
        ("gs", {"in/a.jpg": [403]}, "may not be read"),
        ("az", {"list": [403, 403]}, "may not list (AuthorizationPermissionMismatch); allow `Read` and `List`"),
        ("az", {"in/a.jpg": [403]}, "may not read (AuthorizationPermissionMismatch)"),
    ],
)
def test_connect__says_which_right_is_missing(
    cloud: SmallCloud, capsys: pytest.CaptureFixture[str], scheme: str, trouble: dict[str, list[int | bytes]], failed: str
) -> None:
    cloud.trouble = trouble

    status, lines = said(cloud, capsys, scheme)

    assert status == 1
    assert failed in next(line for line in lines if line.startswith("FAILED"))


@pytest.mark.parametrize(
    ("key", "rights"),
    [
        (ACCOUNT_KEY, "all of the account: it is an account's key; a SAS token with sp=rl is enough"),
        ("?sp=rl&se=2027-01-01&sig=c2VjcmV0", "sp=rl, until 2027-01-01"),
        ("?sp=rwdl&se=2027-01-01&sig=c2VjcmV0", "sp=rwdl, until 2027-01-01; dw are more than a source needs"),
    ],
)
def test_connect__says_what_a_key_of_azure_allows_and_shows_no_key(
    cloud: SmallCloud, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, rights: str
) -> None:
    keep_key(tmp_path, monkeypatch, key)

    status, lines = said(cloud, capsys, "az", "--connection", "cam")

    assert status == 0
    assert lines[2] == f"fine    rights: {rights}"
    assert "c2VjcmV0" not in "".join(lines)
    assert ACCOUNT_KEY not in "".join(lines)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["connect", "az://container-1/in"], "--account: wanted the name of the storage account"),
        (["connect", "gs://x", "--public"], "url: Value error, must be gs://bucket or gs://bucket/prefix, not 'gs://x'"),
        (["connect", "gs://bucket-1", "--write"], "--write is for the bucket of a root"),
        (
            ["connect", "gs://bucket-1", "--public", "--endpoint", "http://a.example"],
            "endpoint: Value error, must begin with https://",
        ),
    ],
)
def test_connect__refuses_words_that_cannot_be_meant(words: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    assert problem in capsys.readouterr().err
