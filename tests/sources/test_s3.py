"""Tests of a bucket as a source of kind `s3`: listing in pages, names, reading with checks, and every way to fail."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import given
import pytest
from sources.a_small_bucket import SmallBucket, a_small_bucket

from pipeline_tasks.errors import RejectedFileError, ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.sources.s3 import S3Settings, S3Source
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.sources.s3_versions import S3Version
from pipeline_tasks.sources.source import FoundFile, open_source

WRITTEN_MS = 1_795_168_800_000
"""2026-11-20 10:00:00 UTC, the time of every object of the small bucket."""


@pytest.fixture
def bucket() -> Iterator[SmallBucket]:
    with a_small_bucket() as held:
        yield held


def a_source(bucket: SmallBucket, url: str = "s3://camera/in", max_bytes: int = 1000, **settings: Any) -> S3Source:
    return S3Source(S3Settings(name="camera", kind="s3", url=url, **settings), bucket.connection, max_bytes)


def the_file(source: S3Source) -> FoundFile:
    (file,) = source.list_files()
    return file


def the_reason(source: S3Source, key: str, version: str) -> tuple[str, str]:
    with pytest.raises(RejectedFileError) as refused:
        source.read(key, version)
    return refused.value.reason, refused.value.detail


def test_list_files__tells_key_behind_the_prefix_version_size_and_time(bucket: SmallBucket) -> None:
    bucket.objects = {"in/day 1/a+b.jpg": b"abc", "inner/other.jpg": b"x"}

    file = the_file(a_source(bucket))

    md5 = hashlib.md5(b"abc").hexdigest()
    moment = datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
    assert file == FoundFile("day 1/a+b.jpg", f"{md5}-3-{WRITTEN_MS}", 3, moment)
    assert bucket.asked == ["LIST in/"]


def test_list_files__goes_through_all_pages(bucket: SmallBucket) -> None:
    bucket.page_size = 3
    bucket.objects = {f"in/{number:02}.jpg": b"x" for number in range(8)}

    keys = [file.key for file in a_source(bucket).list_files()]

    assert keys == [f"{number:02}.jpg" for number in range(8)]
    assert bucket.asked == ["LIST in/"] * 3


def test_list_files__of_a_whole_bucket_has_no_prefix(bucket: SmallBucket) -> None:
    bucket.objects = {"a.jpg": b"x", "in/b.jpg": b"x"}

    assert [file.key for file in a_source(bucket, "s3://camera").list_files()] == ["a.jpg", "in/b.jpg"]


def test_names__are_left_out_as_in_a_folder(bucket: SmallBucket) -> None:
    names = ("@eaDir/1/2.jpg", "@eaDir/3.jpg", "a.jpg", "b.jpg.part", "drafts/c.jpg", "e/.hidden", "folder/", "g.jpg")
    bucket.objects = {f"in/{name}": b"x" for name in names}
    bucket.storage_classes = {"in/g.jpg": "GLACIER"}
    source = a_source(bucket, ignore=["drafts/"])

    assert [file.key for file in source.list_files()] == ["a.jpg"]
    assert [(one.key, one.reason, one.is_folder) for one in source.left_out()] == [
        ("@eaDir", "thumbnail", True),
        ("b.jpg.part", "unfinished", False),
        ("drafts", "ignored", True),
        ("e/.hidden", "hidden", False),
        ("folder/", "not_a_file", False),
        ("g.jpg", "archived", False),
    ]


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_thumbnail__is_left_out_beside_its_original_also_on_the_next_page(bucket: SmallBucket, page_size: int) -> None:
    bucket.page_size = page_size
    bucket.objects = {"in/a.jpg": b"x" * 100, "in/a_thumb.jpg": b"x", "in/x/a_thumb.jpg": b"x"}
    source = a_source(bucket)

    assert [file.key for file in source.list_files()] == ["a.jpg", "x/a_thumb.jpg"]
    assert source.left_out().counts(folders=False) == {"thumbnail": 1}


def test_metadata__is_read_off_the_key(bucket: SmallBucket) -> None:
    source = a_source(bucket, key_pattern=r"^(?P<device>[^/]+)/")

    assert source.metadata("cam7/a.jpg").device == "cam7"


def test_read__returns_the_bytes_of_the_listed_version(bucket: SmallBucket) -> None:
    bucket.objects = {"in/a.jpg": b"abc"}
    source = a_source(bucket)
    file = the_file(source)

    assert source.read(file.key, file.object_version) == b"abc"
    assert source.is_at_rest(file, given.STARTED_AT)


def test_read__of_an_overwritten_or_deleted_object_is_left_to_the_next_night(bucket: SmallBucket) -> None:
    bucket.objects = {"in/a.jpg": b"abc"}
    source = a_source(bucket)
    file = the_file(source)

    bucket.objects = {"in/a.jpg": b"xyz"}
    assert the_reason(source, *_of(file)) == ("changed_while_reading", "a.jpg: was overwritten after it was listed")
    bucket.objects = {}
    assert the_reason(source, *_of(file)) == ("vanished", "a.jpg: was deleted after it was listed")


def test_read__that_is_denied_names_the_permission(bucket: SmallBucket) -> None:
    bucket.objects, bucket.trouble = {"in/a.jpg": b"abc"}, {"in/a.jpg": ["AccessDenied"]}
    source = a_source(bucket)

    reason, detail = the_reason(source, *_of(the_file(source)))

    assert reason == "unreadable"
    assert "connection cam may not read it (AccessDenied); allow s3:GetObject on arn:aws:s3:::camera/in/*" in detail


@pytest.mark.parametrize("trouble", ["half", "other bytes"])
def test_read__repeats_what_breaks_off_or_has_another_checksum(bucket: SmallBucket, trouble: str) -> None:
    bucket.objects, bucket.trouble = {"in/a.jpg": b"abcd"}, {"in/a.jpg": [trouble] * 2}
    source = a_source(bucket)
    file = the_file(source)

    assert source.read(*_of(file)) == b"abcd"
    bucket.trouble = {"in/a.jpg": [trouble] * 3}
    reason, detail = the_reason(source, *_of(file))
    assert reason == "unreadable"
    assert ("breaks off" if trouble == "half" else "MD5 sum of its ETag") in detail
    assert "in 3 tries" in detail


def test_read__compares_with_the_stores_checksum_where_it_gives_one(bucket: SmallBucket) -> None:
    bucket.objects, bucket.etags = {"in/a.jpg": b"abcd"}, {"in/a.jpg": "of-two-parts-2"}
    bucket.headers = {"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(b"abcd").to_bytes(4, "big")).decode()}
    source = a_source(bucket)
    file = the_file(source)

    assert source.read(*_of(file)) == b"abcd"
    bucket.trouble = {"in/a.jpg": ["other bytes"] * 3}
    reason, detail = the_reason(source, *_of(file))
    assert (reason, "checksum that the store keeps" in detail) == ("unreadable", True)


def test_read__compares_no_md5_where_the_etag_is_none(bucket: SmallBucket) -> None:
    bucket.objects, bucket.etags = {"in/a.jpg": b"abcd"}, {"in/a.jpg": "0" * 32}
    file = the_file(a_source(bucket))

    assert the_reason(a_source(bucket), *_of(file))[0] == "unreadable"
    assert a_source(bucket, has_md5_etags=False).read(*_of(file)) == b"abcd"
    bucket.headers = {"x-amz-server-side-encryption": "aws:kms"}
    assert a_source(bucket).read(*_of(file)) == b"abcd"


def test_read__refuses_a_large_object_without_fetching_it(bucket: SmallBucket) -> None:
    bucket.objects = {"in/a.jpg": b"x" * 11}
    source = a_source(bucket, max_bytes=10)
    file = the_file(source)

    assert the_reason(source, *_of(file)) == ("too_many_bytes", "a.jpg: found 11 bytes, wanted at most 10")
    assert bucket.asked == ["LIST in/"]


def test_read__of_a_version_of_another_kind_of_source_says_so(bucket: SmallBucket) -> None:
    assert the_reason(a_source(bucket), "a.jpg", "no version")[0] == "changed_while_reading"


def test_overloaded_store__is_asked_again(bucket: SmallBucket) -> None:
    bucket.objects, bucket.trouble = {"in/a.jpg": b"abc"}, {"list": ["SlowDown"], "in/a.jpg": ["SlowDown"]}
    source = a_source(bucket)

    assert source.read(*_of(the_file(source))) == b"abc"
    assert bucket.asked == ["LIST in/"] * 2 + ["GET in/a.jpg"] * 2


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("NoSuchBucket", "there is no bucket 'camera'; correct `url` of the source"),
        ("AccessDenied", r"connection cam may not list it .* allow s3:ListBucket on arn:aws:s3:::camera .* begin with 'in/'"),
        ("InvalidAccessKeyId", "the store does not accept connection cam .*; correct or renew login and password"),
        ("RequestTimeTooSkewed", "this machine's clock differs too much from the store's; set it by NTP"),
        ("PermanentRedirect", "the bucket is in another region; set region_name in the extra of connection cam"),
        ("Odd", "the store refuses s3:ListBucket with connection cam: .*Odd"),
    ],
)
def test_list_files__says_what_the_store_refuses_and_how_to_mend_it(bucket: SmallBucket, code: str, says: str) -> None:
    bucket.trouble = {"list": [code] * 2}

    with pytest.raises(ServiceRefusedError, match=f"source camera: s3://camera/in/ at http://127.*: {says}"):
        list(a_source(bucket).list_files())


def test_store_that_is_away__may_come_back(bucket: SmallBucket) -> None:
    away = replace(bucket.connection, url="http://127.0.0.1:9")
    source = S3Source(
        S3Settings(name="camera", kind="s3", url="s3://camera"), replace(away, options={"retries": {"max_attempts": 0}})
    )

    with pytest.raises(ServiceUnavailableError, match=r"source camera: s3://camera/ at http://127.0.0.1:9: does not answer"):
        list(source.list_files())
    with pytest.raises(ServiceUnavailableError, match="does not answer"):
        source.read("a.jpg", S3Version("x", 1, 1).text)


def test_connection_that_cannot_be_used__is_named(bucket: SmallBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for wrong in ({"profile": "nobody"}, {"url": "no address"}, {"options": {"retry": 1}}):
        with pytest.raises(SettingsError, match="connection cam: no client for S3 can be made of it"):
            S3Source(S3Settings(name="camera", kind="s3", url="s3://camera"), replace(bucket.connection, **wrong))
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    keyless = S3Connection("cam", bucket.url)
    with pytest.raises(ServiceRefusedError, match="no keys are known by connection cam"):
        list(S3Source(S3Settings(name="camera", kind="s3", url="s3://camera"), keyless).list_files())


def test_public_bucket__is_read_without_keys(bucket: SmallBucket) -> None:
    bucket.objects = {"a.jpg": b"abc"}
    keyless = S3Connection("cam", bucket.url, options={"signature_version": "unsigned"})

    assert the_file(S3Source(S3Settings(name="camera", kind="s3", url="s3://camera"), keyless)).key == "a.jpg"


def test_secrets_of_a_connection__are_not_shown() -> None:
    shown = repr(S3Connection("cam", "http://s3", "a key", "a secret", "a token"))

    assert [one for one in ("a key", "a secret", "a token") if one in shown] == []


def test_open_source__asks_for_the_connection_that_its_settings_name(bucket: SmallBucket, tmp_path: Path) -> None:
    bucket.objects = {"in/a.jpg": b"abc"}
    (settings,) = given.a_project(sources=[{"name": "camera", "kind": "s3", "url": "s3://camera/in", "connection": "cam"}]).sources
    asked: list[str | None] = []

    def connect(connection_id: str | None) -> S3Connection:
        asked.append(connection_id)
        return bucket.connection

    assert [file.key for file in open_source(settings, tmp_path, connect).list_files()] == ["a.jpg"]
    assert asked == ["cam"]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"kind": "s3"}, "sources.0.url: a value is missing"),
        ({"kind": "s3", "url": "camera/in"}, "sources.0.url: must be s3://bucket or s3://bucket/prefix, not 'camera/in'"),
        ({"kind": "s3", "url": "s3:///in"}, "sources.0.url: must be s3://bucket"),
        ({"path": "s3://camera/in"}, "sources.0.path: .*for a bucket write `kind: s3` and `url: s3://camera/in`"),
    ],
)
def test_settings__say_what_is_wrong(source: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        given.a_project(sources=[{"name": "camera"} | source])


@pytest.mark.parametrize("version", [S3Version("abc-2", 3, 4), S3Version("a", 0, 0, "x@y"), S3Version("", 1, 1)])
def test_version__is_read_as_it_was_written(version: S3Version) -> None:
    assert S3Version.parse(version.text) == version


def _of(file: FoundFile) -> tuple[str, str]:
    return file.key, file.object_version
