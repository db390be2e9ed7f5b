from __future__ import annotations

import pytest
from serving.given_server import a_pointer, numbered_model, promote
from tiny_model import tiny_model

from pipeline_tasks.errors import StorageError
from pipeline_tasks.serving import follower as following
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.last_good import LastGood
from pipeline_tasks.serving.served import Served
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.serving_pointer import Route, read_pointer, replace_pointer
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import StoredObject


class AwayObjects(MemoryObjects):
    """A root that cannot be reached."""

    def read(self, key: str) -> StoredObject:
        raise OSError("the root is away")


def _follower(root: MemoryObjects, cache: MemoryObjects | None = None, **options: object) -> Follower:
    return Follower(root, LastGood(cache or MemoryObjects()), "parts", **options)  # type: ignore[arg-type]


def _served(follower: Follower) -> Served:
    assert follower.served is not None
    return follower.served


def test_look__swaps_to_a_new_pointer_and_keeps_it_on_its_own_disk() -> None:
    root, cache, heard = MemoryObjects(), MemoryObjects(), []
    follower = _follower(root, cache, on_change=heard.append)
    first = promote(root, numbered_model(1))
    follower.look()
    second = promote(root, numbered_model(2))
    follower.look()

    assert _served(follower).champion.digest == second != first
    assert heard == ["swapped", "swapped"]
    assert list(cache.list("models/")) == [layout.model(second)]
    assert read_pointer(cache) == _served(follower).pointer


def test_look__lets_running_requests_finish_with_their_model() -> None:
    root = MemoryObjects()
    follower = _follower(root)
    first = promote(root, numbered_model(1))
    follower.look()
    held = _served(follower)
    promote(root, numbered_model(2))
    follower.look()

    assert held.champion.digest == first


def test_look__opens_an_unchanged_model_only_once() -> None:
    root = MemoryObjects()
    follower = _follower(root)
    digest = promote(root, numbered_model(1))
    follower.look()
    model = _served(follower).champion
    replace_pointer(root, lambda: a_pointer(digest, max_waiting=3))
    follower.look()

    assert _served(follower).pointer.max_waiting == 3
    assert _served(follower).champion is model


@pytest.mark.parametrize(
    ("content", "fields", "why"),
    [
        (b"no model", {}, "ONNX Runtime does not open it"),
        (tiny_model(smoke_shift=0.01), {}, "off by 0.01"),
        (tiny_model(recipe="c" * 64), {}, "recipe"),
        (tiny_model(["nut", "bolt"]), {}, "wanted classes"),
        (tiny_model(bias=float("nan")), {}, "off by nan"),
        (numbered_model(2), {"project": "bottles"}, "wanted project parts"),
    ],
)
def test_look__keeps_the_served_model_if_a_candidate_is_invalid(content: bytes, fields: dict[str, object], why: str) -> None:
    root, heard = MemoryObjects(), []
    follower = _follower(root, on_change=heard.append)
    digest = promote(root, numbered_model(1))
    follower.look()
    promote(root, content, **fields)
    follower.look()

    assert _served(follower).champion.digest == digest
    assert why in follower.refused
    assert heard == ["swapped", "refused"]


def test_look__refuses_a_model_whose_bytes_changed() -> None:
    root = MemoryObjects()
    digest = promote(root, numbered_model(1))
    root.replace(layout.model(digest), numbered_model(2), root.read(layout.model(digest)).etag)
    follower = _follower(root)
    follower.look()

    assert follower.served is None
    assert f"wanted sha256 {digest}" in follower.refused


def test_look__refuses_content_that_is_no_pointer() -> None:
    root = MemoryObjects()
    root.write_new(layout.SERVING_POINTER, b'{"routes": []}')
    follower = _follower(root)
    follower.look()

    assert "not a serving pointer" in follower.refused


def test_look__tries_a_refused_pointer_again_only_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    root, heard = MemoryObjects(), []
    follower = _follower(root, on_change=heard.append)
    digest = promote(root, numbered_model(1))
    stored = root.read(layout.model(digest))
    root.delete(layout.model(digest))
    follower.look()
    follower.look()
    assert heard == ["refused"]

    root.write_new(layout.model(digest), stored.content)
    monkeypatch.setattr(follower, "_try_again_at", 0.0)
    follower.look()

    assert heard == ["refused", "swapped"]
    assert follower.refused == ""


def test_look__keeps_the_served_model_while_the_root_does_not_respond() -> None:
    root = MemoryObjects()
    follower = _follower(root)
    digest = promote(root, numbered_model(1))
    follower.look()
    root.delete(layout.SERVING_POINTER)
    follower.look()

    assert _served(follower).champion.digest == digest
    assert follower.refused == ""


def test_start__serves_the_last_valid_model_without_the_root() -> None:
    root, cache = MemoryObjects(), MemoryObjects()
    digest = promote(root, numbered_model(1))
    _follower(root, cache).look()
    follower = _follower(AwayObjects(), cache, ask_every_s=0.01)
    follower.start()
    follower.stop()

    assert _served(follower).champion.digest == digest


def test_start__serves_nothing_if_the_last_valid_model_is_damaged() -> None:
    cache = MemoryObjects()
    digest = promote(cache, numbered_model(1))
    cache.replace(layout.model(digest), b"rotten", cache.read(layout.model(digest)).etag)
    follower = _follower(AwayObjects(), cache)
    follower.start()
    follower.stop()

    assert follower.served is None


def test_start__follows_in_its_own_thread() -> None:
    root = MemoryObjects()
    follower = _follower(root, ask_every_s=0.01)
    follower.start()
    digest = promote(root, numbered_model(1))
    for _ in range(500):
        if follower.served:
            break
        follower._stopping.wait(0.01)
    follower.stop()

    assert _served(follower).champion.digest == digest
    assert following.ASK_EVERY_S == 1.0


def test_keep__repairs_a_damaged_copy_and_ignores_a_full_disk() -> None:
    root, cache = MemoryObjects(), MemoryObjects()
    digest = promote(root, numbered_model(1))
    cache.write_new(layout.model(digest), b"rotten")
    cache.write_new(layout.SERVING_POINTER, b"rotten")
    follower = _follower(root, cache)
    follower.look()
    assert cache.read(layout.model(digest)).content == numbered_model(1)
    assert read_pointer(cache) is not None

    class FullObjects(MemoryObjects):
        def write_new(self, key: str, content: bytes) -> str:
            raise StorageError("no space left")

    full = _follower(root, FullObjects())
    full.look()
    assert _served(full).champion.digest == digest


def test_look__serves_a_challenger_beside_the_champion() -> None:
    root = MemoryObjects()
    champion, challenger = promote(root, numbered_model(1)), promote(root, numbered_model(2))
    routes = (Route(champion, 0.9, "champion"), Route(challenger, 0.1, "challenger"))
    replace_pointer(root, lambda: a_pointer(champion, routes=routes))
    follower = _follower(root)
    follower.look()

    assert set(_served(follower).models) == {champion, challenger}


@pytest.mark.parametrize("role", ["challenger", "shadow"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no model", "ONNX Runtime does not open it"),
        (tiny_model(["nut", "bolt"]), "wanted the champion's label kind and classes"),
        (None, "models/"),
    ],
)
def test_look__leaves_out_a_model_beside_the_champion_that_cannot_be_used(content: bytes | None, why: str, role: str) -> None:
    root, cache, heard = MemoryObjects(), MemoryObjects(), []
    first = promote(root, numbered_model(1))
    follower = _follower(root, cache, on_change=heard.append)
    follower.look()
    bad = "0" * 64 if content is None else put_model(root, content)
    champion = put_model(root, numbered_model(2))
    routes = (Route(champion, 0.9, "champion"), Route(bad, 0.1, role))
    replace_pointer(root, lambda: a_pointer(champion, routes=routes))
    follower.look()
    served = _served(follower)

    assert served.champion.digest == champion != first
    assert (set(served.models), served.pointer.routes) == ({champion}, routes[:1])
    assert (follower.refused, why in follower.left_out, bad in follower.left_out) == ("", True, True)
    assert heard == ["swapped", "left_out", "swapped"]
    assert read_pointer(cache) == served.pointer


def test_look__takes_a_challenger_in_that_comes_late_and_swaps_nothing_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    root, heard = MemoryObjects(), []
    champion, challenger = promote(root, numbered_model(1)), promote(root, numbered_model(2))
    stored = root.read(layout.model(challenger)).content
    root.delete(layout.model(challenger))
    routes = (Route(champion, 0.9, "champion"), Route(challenger, 0.1, "challenger"))
    replace_pointer(root, lambda: a_pointer(champion, routes=routes))
    follower = _follower(root, on_change=heard.append)
    for _ in range(3):
        follower.look()
    monkeypatch.setattr(follower, "_try_again_at", 0.0)
    follower.look()
    put_model(root, stored)
    monkeypatch.setattr(follower, "_try_again_at", 0.0)
    follower.look()

    assert heard == ["left_out", "swapped", "left_out", "swapped"]
    assert set(_served(follower).models) == {champion, challenger}
    assert follower.left_out == ""
