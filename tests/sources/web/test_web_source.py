"""Tests of a source of kind `web`: pages of an API, lists of addresses, what is left out, and reading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import given
import pytest
from sources.web.a_small_site import SmallSite, a_small_site, endless, slow_body, slow_head

from pipeline_tasks.errors import RejectedFileError, ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.sources.source import open_source
from pipeline_tasks.sources.web.web_source import WebSource


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with a_small_site() as held:
        yield held


def the_reason(source: WebSource, key: str) -> tuple[str, str]:
    with pytest.raises(RejectedFileError) as refused:
        source.read(key, "1")
    return refused.value.reason, refused.value.detail


def keys(source: WebSource) -> list[str]:
    return [file.key for file in source.list_files()]


def left_out(source: WebSource) -> list[tuple[str, str]]:
    return [(one.key, one.reason) for one in source.left_out()]


def items(site: SmallSite, *numbers: int) -> list[dict[str, Any]]:
    return [{"url": f"{site.url}/{number}.jpg", "id": number} for number in numbers]


def test_numbered_pages__are_read_to_the_first_without_items(site: SmallSite) -> None:
    for page, numbers in enumerate([(1, 2), (3, 4), ()], 1):
        site.has(f"/api?page={page}", {"photos": {"photo": items(site, *numbers)}})
    source = site.source(url=f"{site.url}/api?page={{page}}", items="photos.photo", fields={"id": "id"})

    assert keys(source) == ["1", "2", "3", "4"]
    assert site.asked == ["/api?page=1", "/api?page=2", "/api?page=3"]


def test_numbered_pages__end_at_the_last_page_or_at_a_repeated_one(site: SmallSite) -> None:
    for page, last in ((1, 9), (2, 9), (3, 9)):
        site.has(f"/api?page={page}", {"pages": last, "page": page, "items": items(site, min(page, 2))})
    url = f"{site.url}/api?page={{page}}"

    assert keys(site.source(url=url, items="items", fields={"id": "id"})) == ["1", "2"]
    assert site.asked[-1] == "/api?page=3", "the third repeats the second"
    site.has("/api?page=1", {"pages": "1", "items": items(site, 1)})
    site.asked.clear()
    assert keys(site.source(url=url, items="items", last_page="pages")) == [f"{site.url}/1.jpg"]
    assert site.asked == ["/api?page=1"]


def test_tokens__lead_from_page_to_page(site: SmallSite) -> None:
    site.has("/api?at=", {"items": items(site, 1), "next": "b/2"})
    site.has("/api?at=b%2F2", {"items": items(site, 2), "next": None})

    source = site.source(url=f"{site.url}/api?at={{page}}", items="items", next_page="next", first_page="", fields={"id": "id"})

    assert keys(source) == ["1", "2"]


def test_links__lead_from_page_to_page_at_the_same_origin_only(site: SmallSite) -> None:
    site.has("/api", {"items": items(site, 1), "next": "/more?n=2"})
    site.has("/more?n=2", {"items": items(site, 2), "next": "http://elsewhere.example/more"})
    source = site.source(items="items", next_page="next", fields={"id": "id"})

    with pytest.raises(ServiceRefusedError, match="another origin than `url`"):
        list(source.list_files())
    assert site.asked == ["/api", "/more?n=2"]


def test_item__tells_key_version_time_and_metadata(site: SmallSite) -> None:
    row = {"pic": "a b", "no": 7, "rev": 3, "lic": 4, "by": "Ada\n Low", "taken": "2026-11-20 10:00:00", "cam": {"name": "k1"}}
    site.has("/api", [row])
    source = site.source(
        fields={
            "url": site.url + "/{pic}.jpg",
            "id": "no",
            "version": "rev",
            "licence": "lic",
            "author": "by",
            "captured_at": "taken",
            "device": "cam.name",
        },
        licence_names={"4": "CC BY 2.0"},
    )

    (file,) = source.list_files()

    assert (file.key, file.object_version, file.size_bytes) == ("7", "3", 0)
    assert file.modified_at == datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
    noted = json.loads(file.note or "")
    assert noted["url"] == f"{site.url}/a%20b.jpg"
    assert (noted["licence"], noted["author"]) == ("CC BY 2.0", "Ada Low")
    source.take_back({file.key: file.note})
    assert source.metadata("7").device == "k1"


def test_items__are_left_out_with_a_reason(site: SmallSite) -> None:
    site.has(
        "/api",
        [
            {"url": f"{site.url}/1.jpg", "licence": "CC0"},
            {"url": f"{site.url}/2.jpg", "licence": "all rights"},
            {"url": f"{site.url}/3.jpg"},
            {"url": "https://elsewhere.example/4.jpg", "licence": "CC0"},
            {"licence": "CC0"},
            {"url": "ftp://elsewhere.example/6.jpg", "licence": "CC0"},
            {"url": f"{site.url}/1.jpg", "licence": "CC0"},
            "no object",
        ],
    )
    source = site.source(fields={"licence": "licence"}, allow_licences=["CC0"])

    assert keys(source) == [f"{site.url}/1.jpg"]
    assert left_out(source) == [
        ("ftp://elsewhere.example/6.jpg", "no_address"),
        (f"{site.url}/2.jpg", "other_licence"),
        (f"{site.url}/3.jpg", "other_licence"),
        ("https://elsewhere.example/4.jpg", "other_host"),
        ("page 1, item 5", "no_address"),
        ("page 1, item 8", "no_address"),
    ]


def test_items__beyond_the_limit_are_said_and_nothing_is_missing(site: SmallSite) -> None:
    site.has("/api", items(site, 1, 2, 3))

    source = site.source(max_items=2, is_complete=True, fields={"id": "id"})

    assert keys(source) == ["1", "2"]
    assert left_out(source) == [("page 1, item 3 and what follows", "beyond_limit")]
    assert not source.is_whole


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>log in</html>", "answers with no JSON"),
        (b"[" * 100_000, "answers with no JSON"),
        (b'{"stat":"fail","message":"Invalid API Key"}', "Invalid API Key"),
        (b'{"items":"none"}', "without a list at 'items'"),
    ],
)
def test_answer__that_is_no_page_is_refused_with_what_it_says(site: SmallSite, body: bytes, said: str) -> None:
    site.has("/api", body)

    with pytest.raises(ServiceRefusedError, match=said):
        keys(site.source(items="items"))


def test_key__is_sent_to_its_own_origin_and_is_in_no_message(site: SmallSite, tmp_path: Path) -> None:
    with a_small_site() as other:
        other.has("/1.jpg", b"image")
        site.has("/api?key=s%2Fecret", [{"url": f"{other.url}/1.jpg"}])
        private = [site.place, other.place]
        settings = {"connection": "api", "headers": {"X-Key": "{key}"}, "private_hosts": private}
        source = site.source(key="s/ecret", url=f"{site.url}/api?key={{key}}", **settings)

        (key,) = keys(source)
        assert source.read(key, "1") == b"image"

        assert site.headers[0]["X-Key"] == "s/ecret"
        assert all("X-Key" not in headers for headers in other.headers)
        site.has("/api?key=s%2Fecret", b"your key s/ecret is not known", status=403)
        with pytest.raises(ServiceRefusedError) as refused:
            keys(source)
        assert "your key {key} is not known" in str(refused.value)


def test_429__is_tried_again_after_the_time_that_the_host_asks_for(site: SmallSite) -> None:
    moment = format_datetime(datetime.now(timezone.utc).replace(microsecond=0), usegmt=True)
    site.says("/api", (429, {"Retry-After": "7"}, b""), (503, {"Retry-After": moment}, b""), (503, {}, b""), (200, {}, b"[]"))

    assert keys(site.source()) == []
    assert len(site.asked) == 4
    assert [round(slept) for slept in site.slept if slept > 0.1] == [7, 7, 7], "no clock moves here, so the host stays held"


def test_api_that_stays_overloaded__is_away_and_one_that_asks_for_an_hour_is_not_waited_for(site: SmallSite) -> None:
    site.says("/api", (503, {}, b"busy"))
    with pytest.raises(ServiceUnavailableError, match="status 503 after 4 tries: busy"):
        keys(site.source())
    site.asked.clear()
    site.says("/api", (429, {"Retry-After": "3600"}, b""))
    with pytest.raises(ServiceUnavailableError, match="asks to wait"):
        keys(site.source())
    assert len(site.asked) == 1


def test_dead_host__is_not_asked_again_after_five_requests(site: SmallSite) -> None:
    with a_small_site() as gone:
        place = gone.place
    source = site.source(private_hosts=[site.place, place], robots="ignore")

    said = [the_reason(source, f"http://{place}/{number}.jpg")[1] for number in range(7)]

    assert [("did not answer 5 requests" in one) for one in said] == [False] * 5 + [True] * 2


def test_read__says_what_is_wrong(site: SmallSite) -> None:
    site.has("/gone.jpg", b"", status=404)
    site.has("/closed.jpg", b"log in", status=403)
    site.has("/large.jpg", b"x" * 2000)
    site.has("/zip.jpg", b"x", **{"Content-Encoding": "gzip"})
    site.redirects("/loop.jpg", "/loop.jpg")
    site.redirects("/file.jpg", "file:///etc/passwd")
    site.pages["/short.jpg"] = lambda handler: handler.answer(b"x", 200, {"Content-Length": "50"})
    source = site.source(max_bytes=1000)

    found = {
        name: the_reason(source, f"{site.url}/{name}.jpg") for name in ("gone", "closed", "large", "zip", "loop", "file", "short")
    }

    assert [reason for reason, _ in found.values()] == ["vanished", "unreadable", "too_many_bytes", *["unreadable"] * 4]
    said = ("status 404", "status 403: log in", "found 2000 bytes, wanted at most 1000", "Content-Encoding 'gzip'")
    said += ("redirects more than 5 times", "scheme 'file'", "peer closed connection")
    assert [text for text, (_, detail) in zip(said, found.values(), strict=True) if text not in detail] == []


def test_slow_and_endless_answers__end_at_the_limits(site: SmallSite) -> None:
    site.pages |= {"/endless.jpg": endless, "/body.jpg": slow_body, "/head.jpg": slow_head}
    source = site.source(max_bytes=50_000, max_s=0.3, robots="ignore")

    found = {name: the_reason(source, f"{site.url}/{name}.jpg") for name in ("endless", "body", "head")}

    assert [reason for reason, _ in found.values()] == ["too_many_bytes", "unreadable", "unreadable"]
    assert all("did not answer wholly within 0.3 s" in found[name][1] for name in ("body", "head"))
    site.pages["/api"] = slow_body
    with pytest.raises(ServiceUnavailableError, match=r"within 0\.3 s"):
        keys(source)


def test_redirects__are_followed_within_the_hosts_and_never_to_private_addresses(site: SmallSite) -> None:
    with a_small_site() as canary:
        canary.has("/secret.jpg", b"secret")
        site.has("/here.jpg", b"image")
        site.redirects("/near.jpg", "here.jpg")
        for number, host in enumerate(("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]")):
            site.redirects(f"/{number}.jpg", f"http://{host}:{canary.port}/secret.jpg")
        listed = [f"{host}:{canary.port}" for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:7f00:1]")]
        source = site.source(hosts=listed, robots="ignore")

        assert source.read(f"{site.url}/near.jpg", "1") == b"image"
        found = [the_reason(source, f"{site.url}/{number}.jpg") for number in range(4)]
        assert {reason for reason, _ in found} == {"unreadable"}
        assert all("private address" in detail for _, detail in found)
        assert "is not in `hosts`" in the_reason(site.source(robots="ignore"), f"{site.url}/0.jpg")[1]
        assert the_reason(source, f"{site.url}/4.jpg")[0] == "unreadable"
        assert canary.asked == []


def test_private_address__is_refused_unless_it_is_named(site: SmallSite) -> None:
    site.has("/api", [])

    with pytest.raises(ServiceRefusedError, match=r"private address 127\.0\.0\.1; name it in `private_hosts`"):
        keys(site.source(private_hosts=[]))
    assert site.asked == []
    assert keys(site.source(private_hosts=["127.0.0.1:" + str(site.port)])) == []


def test_robots__forbid_images_and_failing_rules_forbid_all(site: SmallSite) -> None:
    site.has("/robots.txt", b"User-agent: *\nDisallow: /drafts/\n")
    site.has("/a.jpg", b"a")
    source = site.source()

    assert source.read(f"{site.url}/a.jpg", "1") == b"a"
    assert "robots.txt of 127.0.0.1" in the_reason(source, f"{site.url}/drafts/b.jpg")[1]
    assert site.asked == ["/robots.txt", "/a.jpg"], "the rules are read once"
    site.has("/robots.txt", b"", status=500)
    assert "robots.txt cannot be read" in the_reason(site.source(), f"{site.url}/a.jpg")[1]
    assert site.source(robots="ignore").read(f"{site.url}/a.jpg", "1") == b"a"


def test_requests__keep_the_pace(site: SmallSite) -> None:
    site.has("/a.jpg", b"a")
    source = site.source(requests_per_s=0.5, robots="ignore")

    for _ in range(3):
        source.read(f"{site.url}/a.jpg", "1")

    assert [round(slept) for slept in site.slept] == [2, 4], "the clock stands still here, so the third waits for two turns"


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_list__in_a_file_or_at_an_address(site: SmallSite, tmp_path: Path, name: str) -> None:
    tab = "\t" if name == "a.tsv" else ","
    rows = [("address", "by"), (f"{site.url}/1.jpg", "Ada"), (f'"{site.url}/2,2.jpg"', ""), ("", "x")]
    text = "\n".join(tab.join(row) for row in rows)
    if name == "a.jsonl":
        text = f'{{"address": "{site.url}/1.jpg", "by": "Ada"}}\n\n{{"address": "{site.url}/2,2.jpg"}}\n{{broken'
    (tmp_path / name).write_text(text)
    site.has(f"/lists/{name}", text.encode())
    fields = {"url": "address", "author": "by"}

    for where in (name, f"{site.url}/lists/{name}"):
        source = site.source(tmp_path, url_list=where, fields=fields)
        assert keys(source) == [f"{site.url}/1.jpg", f"{site.url}/2,2.jpg"]
        assert left_out(source) == [("line 4", "no_address")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"link\nhttp://x.example/1.jpg\n", "has no column 'url' that `fields` name; it has link"),
        ("a.csv", b"", "it has no header"),
        ("a.csv", b'url\n"open', "source web: url_list: a.csv: after line 1: no CSV"),
        ("a.csv", b"url\n\xff\n", "line 2 is no UTF-8"),
        ("a.csv", b"url\n" + b"x" * 1_000_002, "line 2 has more than 1000000 bytes"),
        ("a.txt", b"url", "wanted a file of .csv"),
    ],
)
def test_list__that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, site: SmallSite, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ServiceRefusedError, match=said):
        keys(site.source(tmp_path, url_list=name))


def test_list__that_is_not_there_is_away(tmp_path: Path, site: SmallSite) -> None:
    with pytest.raises(ServiceUnavailableError, match="No such file"):
        keys(site.source(tmp_path, url_list="a.csv"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "either `url`"),
        ({"url": "https://a.example/", "url_list": "a.csv"}, "either `url`"),
        ({"url": "https://a.example/?key={key}"}, "set `connection`"),
        ({"url": "ftp://a.example/"}, "scheme 'ftp'"),
        ({"url": "https://a.example/{token}"}, "no braces but"),
        ({"url": "https://{page}/"}, "no braces in its host"),
        ({"url_list": "a.csv"}, "needs `hosts`"),
        ({"url": "https://a.example/", "requests_per_s": 0}, "requests_per_s"),
        ({"url": "https://a.example/", "look_again": True, "fields": {"version": "rev"}}, "look_again: `fields.version`"),
    ],
)
def test_settings__that_cannot_be_meant_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        given.a_project(sources=[{"name": "web", "kind": "web", **settings}])


def test_connection__gives_the_key(tmp_path: Path) -> None:
    project = given.a_project(
        sources=[
            {"name": "web", "kind": "web", "url": "https://a.example/?k={key}", "connection": "api"},
            {"name": "in", "path": "in"},
        ]
    )

    assert open_source(project.sources[0], tmp_path, key_of=lambda name: f"key of {name}").name == "web"
    with pytest.raises(SettingsError, match="connection api"):
        open_source(project.sources[0], tmp_path)
    with pytest.raises(SettingsError, match="wanted a password"):
        open_source(project.sources[0], tmp_path, key_of=lambda _: "")


def test_look_again__leaves_out_what_a_host_does_not_answer_and_calls_nothing_missing(site: SmallSite) -> None:
    site.has("/api", items(site, 1, 2, 3))
    site.has("/1.jpg", b"", status=503)
    site.has("/2.jpg", b"", ETag=f'"{"x" * 5000}"')
    source = site.source(look_again=True, is_complete=True, fields={"id": "id"})

    found = {file.key: file.object_version for file in source.list_files()}

    assert found.keys() == {"2", "3"}
    assert (len(found["2"]), found["3"]) == (len("etag:") + 64, "1"), "a long tag as its digest; of what is not there `read` tells"
    assert (left_out(source), source.is_whole) == ([("1", "did_not_answer")], False)


def test_read__refuses_other_bytes_than_those_that_were_listed(site: SmallSite) -> None:
    site.has("/1.jpg", b"new", ETag='"second"')
    address = f"{site.url}/1.jpg"
    source = site.source(look_again=True)

    with pytest.raises(RejectedFileError) as refused:
        source.read(address, 'etag:"first"')
    assert refused.value.reason == "changed_while_reading"
    assert [source.read(address, version) for version in ('etag:"second"', "1", "last-modified:then")] == [b"new"] * 3
