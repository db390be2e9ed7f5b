"""Tests of agents and receivers that are killed while an agent sends: each image arrives once, and is taken in once."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import time
from pathlib import Path

import given
import pytest
from edge.given_edge import ReceiverProcess, a_config, a_receiver, an_image, run_agent, start_agent
from small_ingest import ingest

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.sighting import Sighting

LONGEST_S = 0.03
"""Longest time from the first new bytes at the receiver to the kill."""


@pytest.mark.parametrize(("kills", "images"), [(3, 12), pytest.param(20, 40, marks=pytest.mark.slow)], ids=["3", "20"])
def test_images__of_an_agent_that_is_killed_while_sending_are_taken_in_once(tmp_path: Path, kills: int, images: int) -> None:
    contents = [an_image(number, (256, 192)) for number in range(images)]
    with a_receiver(tmp_path) as receiver:
        # Parts of 1 KiB make many requests an image, so that kills hit images that are half sent.
        config = a_config(tmp_path, receiver.port, receiver="part_bytes = 1024")
        for number, content in enumerate(contents):
            (tmp_path / "in" / f"{number:03}.jpg").write_bytes(content)
        drawn = random.Random(kills)
        # Every second kill waits for an image that is half sent, so that a slow machine has as many of those as a quick one.
        moments = [drawn.uniform(0, LONGEST_S) if number % 2 else None for number in range(kills)]
        half_sent = [kill_while_sending(config, receiver, moment) for moment in moments]
        told = run_agent(config, "--once")
        arrived = receiver.images()

    assert sum(half_sent) >= kills // 2, f"of {kills} kills only {sum(half_sent)} hit an image that was half sent"
    assert sorted(path.stem for path in arrived) == sorted(hashlib.sha256(content).hexdigest() for content in contents)
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.stem for path in arrived)
    assert (told["waiting"], [name for name in told if name.startswith("dropped")]) == (0, [])
    assert taken_in_twice(tmp_path) == (images, 0, images, images)


def test_images__arrive_once_where_the_receiver_is_killed_while_it_receives(tmp_path: Path) -> None:
    contents = [an_image(number, (256, 192)) for number in range(6)]
    with a_receiver(tmp_path) as receiver:
        config = a_config(tmp_path, receiver.port, receiver="part_bytes = 1024")
        for number, content in enumerate(contents):
            (tmp_path / "in" / f"{number:03}.jpg").write_bytes(content)
        agent = start_agent(config, "--once")
        for _ in range(3):
            wait_for_bytes(receiver)
            receiver.kill()
            receiver.start()
        out, errors = agent.communicate(timeout=120)
        arrived = receiver.images()

    assert agent.returncode == 0, errors.decode()
    assert b'"waiting": 0' in out
    assert sorted(path.stem for path in arrived) == sorted(hashlib.sha256(content).hexdigest() for content in contents)


def kill_while_sending(config: Path, receiver: ReceiverProcess, after_s: float | None) -> bool:
    """Kill an agent that long after the receiver got new bytes, or (None) while an image is half sent; return True if one was."""
    agent = start_agent(config, "--once")
    wait_for_bytes(receiver)
    if after_s is None:
        stop_while_half_sent(agent, receiver)
    else:
        time.sleep(after_s)
    assert agent.poll() is None, "the agent had ended before it was killed; give it more images"
    agent.send_signal(signal.SIGKILL)
    agent.communicate()
    assert any((config.parent / "agent" / "outbox").glob("*.image")), "nothing was left to send"
    return received_bytes(receiver)[1] > 0


def stop_while_half_sent(agent: subprocess.Popen[bytes], receiver: ReceiverProcess) -> None:
    """Stop the agent at a moment at which the receiver has a part of an image, and nothing of it is on its way any more."""
    while agent.poll() is None:
        agent.send_signal(signal.SIGSTOP)
        seen = None
        while seen != (seen := received_bytes(receiver)):
            time.sleep(0.05)
        if seen[1]:
            return
        agent.send_signal(signal.SIGCONT)
        time.sleep(0.002)


def wait_for_bytes(receiver: ReceiverProcess) -> None:
    """Wait until the receiver has more than now."""
    before, deadline = received_bytes(receiver), time.monotonic() + 60
    while received_bytes(receiver) in (before, (before[0], 0)):
        assert time.monotonic() < deadline, "the receiver gets no bytes"
        time.sleep(0.005)


def received_bytes(receiver: ReceiverProcess) -> tuple[int, int]:
    """Number of whole images, and bytes of those that are not whole."""
    sizes = []
    for part in (receiver.inbox / ".receiving").glob("*/*.part"):
        try:
            sizes.append(part.stat().st_size)
        except FileNotFoundError:
            continue
    return len(receiver.images()), sum(sizes)


def taken_in_twice(home: Path) -> tuple[int, int, int, int]:
    """New images of two cycles on the same inbox; images and sightings after both."""
    store = Store(MemoryObjects())
    sources = [{"name": "gates", "kind": "edge", "inbox": "inbox"}]
    new = [ingest(store, given.an_open_cycle(store, f"2026-11-2{day}", sources=sources), home).images_new for day in (1, 2)]
    return new[0], new[1], store.current(Image).height, store.current(Sighting).height
