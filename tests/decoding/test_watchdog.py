"""Tests of the thread that ends what takes too long."""

from __future__ import annotations

import threading
import time

from pipeline_tasks.decoding.watchdog import Watchdog


def test_watchdog__ends_only_what_takes_too_long() -> None:
    watchdog, ended = Watchdog(), threading.Event()
    with watchdog.limit(60, lambda: None) as other:
        with watchdog.limit(0.01, ended.set) as ran_out:
            assert ended.wait(10)
        assert ran_out.is_set()
        assert not other.is_set()


def test_watchdog__never_ends_what_has_finished() -> None:
    watchdog, ended, others = Watchdog(), threading.Event(), threading.active_count()
    # Long enough that a machine with other work gets through an empty block in it.
    for _ in range(2):
        with watchdog.limit(0.5, ended.set):
            pass
        time.sleep(0.6)

    assert not ended.is_set()
    assert threading.active_count() <= others + 1


def test_watchdog__watches_again_after_its_thread_has_ended() -> None:
    watchdog = Watchdog()
    for _ in range(2):
        ended = threading.Event()
        with watchdog.limit(0.01, ended.set):
            assert ended.wait(10)
        time.sleep(0.03)
