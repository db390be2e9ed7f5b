"""Tests of the outbox: bounded, each drop with a count and a reason, whole after a kill."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.outbox import Outbox, Write
from pipeline_tasks.edge.settings import OutboxSettings
from pipeline_tasks.sent_images.image_note import ImageNote
from pipeline_tasks.sent_images.lasting_files import write_lasting


def a_note(content: bytes) -> ImageNote:
    return ImageNote(hashlib.sha256(content).hexdigest(), len(content), "gate-1", "new", name="a.jpg")


def an_outbox(folder: Path, write: Write = write_lasting, **bounds: int) -> tuple[Outbox, AgentState]:
    state = AgentState(folder)
    return Outbox(folder / "outbox", OutboxSettings(**bounds), state, write), state


def put(outbox: Outbox, *contents: bytes) -> list[bool]:
    return [outbox.add(a_note(content), content) for content in contents]


def emptied(outbox: Outbox) -> list[bytes]:
    found = []
    while (one := outbox.oldest()) is not None:
        name, waiting = one
        assert waiting.note == a_note(waiting.content)
        found.append(waiting.content)
        outbox.remove(name)
    return found


def test_outbox__gives_the_oldest_first_also_to_a_later_process(tmp_path: Path) -> None:
    put(an_outbox(tmp_path)[0], b"one", b"two\nlines", b"three")
    (tmp_path / "outbox" / ".new-abc").write_bytes(b"half")

    outbox, state = an_outbox(tmp_path)
    put(outbox, b"four", b"two\nlines")

    assert emptied(outbox) == [b"one", b"two\nlines", b"three", b"four"]
    assert state.counts() == {"same_bytes": 1}
    assert list((tmp_path / "outbox").iterdir()) == []


def test_outbox__drops_the_oldest_with_a_count_when_it_is_full(tmp_path: Path) -> None:
    outbox, state = an_outbox(tmp_path, max_images=2)

    assert put(outbox, b"one", b"two", b"three", b"four") == [True] * 4

    assert emptied(outbox) == [b"three", b"four"]
    assert state.counts() == {"dropped_outbox_full": 2}
    assert [row[1:4] for row in state.dropped()] == [(a_note(one).image_id, None, "outbox_full") for one in (b"one", b"two")]


def test_outbox__keeps_to_its_bytes_and_takes_no_larger_image(tmp_path: Path) -> None:
    outbox, state = an_outbox(tmp_path, max_bytes=1_000)

    assert put(outbox, b"a" * 300, b"b" * 300, b"c" * 900, b"d" * 300) == [True, True, False, True]
    assert sum(path.stat().st_size for path in (tmp_path / "outbox").iterdir()) <= 1_000
    assert emptied(outbox) == [b"b" * 300, b"d" * 300]
    assert state.counts() == {"dropped_outbox_full": 1, "dropped_too_many_bytes": 1}


def test_outbox__does_not_drop_the_image_that_is_being_sent(tmp_path: Path) -> None:
    outbox, _ = an_outbox(tmp_path, max_images=2)
    put(outbox, b"one", b"two")
    sending = outbox.oldest()
    assert sending is not None

    put(outbox, b"three")
    outbox.remove(sending[0])

    assert emptied(outbox) == [b"three"]


def test_outbox__makes_room_on_a_full_disk_and_else_drops_the_new_image(tmp_path: Path) -> None:
    free = [2]

    def a_small_disk(path: Path, content: bytes) -> None:
        if len(list(path.parent.iterdir())) >= free[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_lasting(path, content)

    outbox, state = an_outbox(tmp_path, a_small_disk)
    assert put(outbox, b"one", b"two", b"three") == [True] * 3
    free[0] = 0
    assert put(outbox, b"four") == [False]

    assert emptied(outbox) == []
    assert state.counts() == {"dropped_device_disk_full": 4}
    assert [row[2] for row in state.dropped()] == [None, None, None, "a.jpg"]


def test_counts__wait_in_memory_while_the_disk_of_the_device_is_full(tmp_path: Path) -> None:
    state = AgentState(tmp_path)
    (pages,) = state._database.execute("PRAGMA page_count").fetchone()
    state._database.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(200):
        state.drop(None, "x" * 400, "outbox_full", f"{number}")

    assert state.counts() == {"dropped_outbox_full": 200}
    assert len(state.dropped()) < 200
    state._database.execute("PRAGMA max_page_count = 100000")
    state.count("seen")
    assert AgentState(tmp_path).counts() == {"dropped_outbox_full": 200, "seen": 1}


def test_outbox__names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    put(an_outbox(tmp_path)[0], b"one", b"two")
    first = min((tmp_path / "outbox").iterdir())
    first.write_bytes(b"{broken")

    outbox, state = an_outbox(tmp_path)

    assert emptied(outbox) == [b"two"]
    assert state.counts() == {"dropped_unreadable": 1}
