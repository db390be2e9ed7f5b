"""Tests of trying a bucket's connection, and of the policies that it prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sources.a_small_bucket import SmallBucket, a_small_bucket
from storage.an_s3_server import BUCKET, an_s3_server

from pipeline_tasks.__main__ import main
from pipeline_tasks.commands.connect.policies import ROLES, policy

URL = "s3://camera/in"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallBucket]:
    with a_small_bucket() as held:
        reach(monkeypatch, held.url, "key", "a secret")
        yield held


def reach(monkeypatch: pytest.MonkeyPatch, url: str, key: str, secret: str) -> None:
    told = {"NIGHTLENS_S3_CAM_URL": url, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pipeline_tasks.sources.s3_client._session", _new_session)


def _new_session(profile: str | None) -> object:
    """A session that reads today's environment, which a shared one has read before."""
    import boto3

    return boto3.Session()


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    status = main(["connect", URL, "--connection", "cam", *words])
    return status, capsys.readouterr().out.splitlines()


def test_connect__lists_and_reads_and_writes_nothing(bucket: SmallBucket, capsys: pytest.CaptureFixture[str]) -> None:
    bucket.objects = {"in/empty": b"", "in/a.jpg": b"abc"}

    status, lines = said(capsys)

    assert status == 0
    assert lines[:2] == [
        "fine    list: allowed; the first object is 'a.jpg'",
        "fine    read: allowed; read the first byte of 'a.jpg'",
    ]
    assert lines[2].startswith("fine    versions: not")
    assert "not tried; --write" in lines[3]
    assert {one.partition(" ")[0] for one in bucket.asked} <= {"GET", "LIST"}


def test_connect__says_which_right_is_missing(bucket: SmallBucket, capsys: pytest.CaptureFixture[str]) -> None:
    bucket.objects, bucket.trouble = {"in/a.jpg": b"abc"}, {"in/a.jpg": ["AccessDenied"]}

    status, lines = said(capsys)

    assert status == 1
    assert "FAILED  read" in lines[1]
    assert "allow s3:GetObject on arn:aws:s3:::camera/in/*" in lines[1]


def test_connect__needs_a_bucket(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connect", "camera/in"]) == 1
    assert "wanted s3://bucket or s3://bucket/prefix, or the same of gs:// or az://, found 'camera/in'" in capsys.readouterr().err


@pytest.mark.services
def test_connect__tries_conditional_puts_on_a_real_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["connect", f"s3://{BUCKET}/in", "--connection", "cam", "--write"]
    with an_s3_server(tmp_path) as client:
        reach(monkeypatch, client.meta.endpoint_url, "test", "test-secret")
        assert main(words) == 0
        assert "the store refuses to overwrite" in capsys.readouterr().out
        assert "Contents" not in client.list_objects_v2(Bucket=BUCKET), "what was put is deleted"
        reach(monkeypatch, client.meta.endpoint_url, "reader", "reader-secret")
        assert main(words) == 1
        assert "FAILED  conditional put" in capsys.readouterr().out


@pytest.mark.parametrize("role", ROLES)
def test_policy__allows_to_write_for_a_root_only(role: str) -> None:
    listing, objects = json.loads(policy(role, "camera", "in/"))["Statement"]

    writes = {"s3:PutObject", "s3:DeleteObject"} & set(objects["Action"])
    assert bool(writes) == (role == "root")
    assert listing["Condition"]["StringLike"]["s3:prefix"] == [
        one.removeprefix("arn:aws:s3:::camera/") for one in objects["Resource"]
    ]
    assert all(one.startswith("arn:aws:s3:::camera/in/") for one in objects["Resource"])
