"""Tests of decoding in child processes with limits."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import given
import numpy as np
import pytest
from PIL import Image

from pipeline_tasks.decoding import child as child_module
from pipeline_tasks.decoding import pool as pool_module
from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.decoding.wire import Request, receive_file, receive_image, send_file, send_result
from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError

pytestmark = pytest.mark.slow


def a_png(width: int = 30, height: int = 20, seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def the_reason(pool: DecodingPool, content: bytes) -> str:
    with pytest.raises(RejectedFileError) as refused:
        pool.decode(content)
    return refused.value.reason


def children_of(process_id: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def children_of_all_threads() -> list[str]:
    return [word for path in Path("/proc/self/task").glob("*/children") for word in path.read_text().split()]


def test_pool__decodes_as_decode_does_for_many_threads() -> None:
    files = [a_png(seed=seed) for seed in range(12)]
    with DecodingPool(workers=2) as pool, ThreadPoolExecutor(4) as threads:
        images = list(threads.map(pool.decode, files))

    for content, image in zip(files, images, strict=True):
        wanted = decode(content, Limits())
        assert np.array_equal(image.pixels, wanted.pixels)
        assert (image.file_format, image.orientation, image.frames) == ("PNG", 1, 1)


def test_pool__starts_at_most_one_child_more_than_there_are_cores() -> None:
    cores, before = len(os.sched_getaffinity(0)), len(children_of_all_threads())
    with DecodingPool() as pool, ThreadPoolExecutor(4 * cores) as threads:
        list(threads.map(pool.decode, [a_png()] * 8 * cores))
        started = len(children_of_all_threads()) - before

    assert 1 <= started <= cores + 1


def test_pool__returns_reasons_and_keeps_working() -> None:
    with DecodingPool(workers=1) as pool:
        assert the_reason(pool, b"") == "empty"
        assert the_reason(pool, b"hello") == "not_an_image"
        assert the_reason(pool, a_png()[:-40]) == "truncated"
        assert pool.decode(a_png()).pixels.shape == (20, 30, 3)


def test_pool__ends_a_child_that_takes_too_much_processor_time() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (7000, 7000)).save(buffer, "PNG", compress_level=1)
    # The kernel counts whole seconds; with less than none left, the first tick is too much.
    with DecodingPool(workers=1, limits=Limits(max_cpu_s=-1)) as pool:
        assert the_reason(pool, buffer.getvalue()) == "took_too_long"


def test_pool__ends_a_child_that_takes_too_long_by_the_clock() -> None:
    with DecodingPool(workers=1, limits=Limits(max_wall_s=0.001)) as pool:
        assert the_reason(pool, a_png(1500, 1500)) == "took_too_long"


def test_pool__refuses_a_file_that_needs_too_much_memory_and_starts_a_new_child() -> None:
    with DecodingPool(workers=1, limits=Limits(max_memory_bytes=400 * 1024**2)) as pool:
        big = io.BytesIO()
        Image.new("RGB", (7000, 7000)).save(big, "BMP")
        assert the_reason(pool, big.getvalue()) == "took_too_much_memory"
        assert pool.decode(a_png()).pixels.shape == (20, 30, 3)


def test_pool__has_memory_for_the_largest_image_within_the_limits() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (7070, 7070), (1, 2, 3, 128)).save(buffer, "PNG", compress_level=1)
    with DecodingPool(workers=1) as pool:
        assert pool.decode(buffer.getvalue()).pixels.shape == (7070, 7070, 3)


def test_pool__reports_a_child_that_dies_twice_and_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with DecodingPool(workers=1) as pool:
        pool.decode(a_png())
        real_send, victims = pool_module.send_file, []

        def send_and_kill(stream: object, request: Request) -> None:
            victims.append(children_of(os.getpid())[-1])
            os.kill(victims[-1], signal.SIGSEGV)
            while is_running(victims[-1]):
                time.sleep(0.01)
            real_send(stream, request)  # type: ignore[arg-type]

        monkeypatch.setattr(pool_module, "send_file", send_and_kill)
        assert the_reason(pool, a_png()) == "decoder_crashed"
        assert len(set(victims)) == 2
        monkeypatch.undo()
        assert pool.decode(a_png()).pixels.shape == (20, 30, 3)


def test_pool__decodes_a_file_again_if_its_child_was_killed_from_outside() -> None:
    with DecodingPool(workers=1) as pool:
        pool.decode(a_png())
        os.kill(children_of(os.getpid())[-1], signal.SIGKILL)
        assert pool.decode(a_png()).pixels.shape == (20, 30, 3)


def test_pool__raises_an_error_to_retry_when_no_child_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with DecodingPool(workers=1) as pool, pytest.raises(ServiceUnavailableError, match="decoding child"):
        pool.decode(a_png())


def test_pool__gives_children_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_LABEL_STUDIO_TOKEN_FILE", "/secret")
    with DecodingPool(workers=1) as pool:
        pool.decode(a_png())
        environment = Path(f"/proc/{children_of(os.getpid())[-1]}/environ").read_bytes()

    assert b"secret" not in environment


def test_pool__leaves_no_child_behind_even_when_its_parent_is_killed() -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pipeline_tasks.decoding.pool import DecodingPool
        pool = DecodingPool(workers=1)
        pool.decode(sys.stdin.buffer.read())
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd())
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(a_png())
    parent.stdin.close()
    assert parent.stdout.readline() == b"ready\n"
    (child,) = children_of(parent.pid)
    parent.kill()
    parent.wait()
    for _ in range(100):
        if not is_running(child):
            break
        time.sleep(0.05)
    assert not is_running(child)


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().split()[2] not in "ZX"
    except FileNotFoundError:
        return False


def test_child__answers_until_there_are_no_more_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "_allow_cpu", lambda seconds: None)
    requests, results = io.BytesIO(), io.BytesIO()
    send_file(requests, Request(a_png(), NEWEST))
    send_file(requests, Request(b"hello", NEWEST))
    requests.seek(0)

    child_module.serve(requests, results, Limits())

    results.seek(0)
    assert receive_image(results).pixels.shape == (20, 30, 3)
    with pytest.raises(RejectedFileError, match="not_an_image"):
        receive_image(results)


def test_wire__notices_that_the_other_process_ended_in_the_middle() -> None:
    whole = io.BytesIO()
    send_file(whole, Request(b"12345678", NEWEST))
    assert receive_file(io.BytesIO()) is None
    with pytest.raises(EOFError):
        receive_file(io.BytesIO(whole.getvalue()[:-1]))
    result = io.BytesIO()
    send_result(result, decode(a_png(), Limits()))
    for kept in (0, 20, len(result.getvalue()) - 1):
        with pytest.raises(EOFError):
            receive_image(io.BytesIO(result.getvalue()[:kept]))


def test_pool__ends_hostile_files_without_losing_a_child() -> None:
    files = sorted(given.real_data("hostile", "pillow").glob("*crash*"))[:20]
    verdicts = set()
    with DecodingPool(workers=1) as pool:
        for file in files:
            try:
                verdicts.add(pool.decode(file.read_bytes()).file_format)
            except RejectedFileError as refused:
                verdicts.add(refused.reason)

    assert verdicts <= {"PNG", "TIFF", "corrupt", "truncated", "not_an_image", "unsupported_format"}
