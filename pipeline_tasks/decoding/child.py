"""Child process that decodes one file after another: `python -m pipeline_tasks.decoding.child <limits as JSON>`.

At worst, a hostile file ends this process: the kernel limits its memory, processor time and file writes, it receives
no secrets, and it ends with its parent.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import threading
import warnings
from typing import TYPE_CHECKING, BinaryIO

from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.wire import READY, Request, receive_file, send_result
from pipeline_tasks.errors import RejectedFileError

if TYPE_CHECKING:
    from pipeline_tasks.decoding.intake_image import IntakeImage


def main(limits_json: str) -> None:
    """Decode files from standard input until the parent closes it."""
    limits = Limits(**json.loads(limits_json))
    requests, results = _own_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    _end_with_parent(requests.fileno())
    _limit_process(limits)
    results.write(READY)
    results.flush()
    serve(requests, results, limits)


def serve(requests: BinaryIO, results: BinaryIO, limits: Limits) -> None:
    """Send back an image or a rejection for each request."""
    while (request := receive_file(requests)) is not None:
        _allow_cpu(limits.max_cpu_s)
        send_result(results, _result(request, limits))


def _result(request: Request, limits: Limits) -> CanonicalImage | IntakeImage | RejectedFileError:
    try:
        if request.sizes is None:
            return decode(request.content, limits, request.form)
        # Imported here, because servers never measure and lack its packages.
        from pipeline_tasks.decoding.taking_in import take_in

        return take_in(request.content, limits, request.form, request.sizes)
    except RejectedFileError as rejection:
        return rejection


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from standard input and output, so that output of a library cannot corrupt the protocol."""
    requests, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return requests, results


def _end_with_parent(requests: int) -> None:
    """Watch the request pipe from a thread and exit when it closes, however the parent ended."""

    def exit_at_close() -> None:
        poll = select.poll()
        poll.register(requests, 0)
        poll.poll()
        os._exit(0)

    threading.stack_size(256 * 1024)
    threading.Thread(target=exit_at_close, daemon=True).start()


def _limit_process(limits: Limits) -> None:
    """Set kernel limits: a maximum of memory, no file writes, no core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.max_memory_bytes, limits.max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu(seconds: int) -> None:
    """Raise the processor time limit for the next image: the kernel counts from the start of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(sys.argv[1])
