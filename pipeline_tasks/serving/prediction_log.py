"""Log of every prediction, without pixels and with a bound on its size; no answer waits for its disk."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.serving.log_files import LogFiles
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked

WRITE_EVERY_S = 0.2
TRY_AGAIN_S = 1.0
logger = logging.getLogger(__name__)


class PredictionLog:
    """A bounded queue of lines, and one thread that writes them to the files of a `LogFiles`.

    A killed server loses the lines that wait: those of the last `WRITE_EVERY_S`, as long as the disk takes them. If it does not,
    lines wait until it does, up to `max_waiting_bytes`; those beyond are lost, and `on_lost` is called for each.
    """

    def __init__(
        self,
        folder: Path,
        max_file_bytes: int = 16_000_000,
        files: int = 8,
        *,
        max_waiting_bytes: int = 16_000_000,
        on_lost: Callable[[str, int], None] = lambda why, lines: None,
        write_every_s: float = WRITE_EVERY_S,
        try_again_s: float = TRY_AGAIN_S,
    ) -> None:
        """Append to the log in `folder`, after the lines of earlier servers; `on_lost` gets `full` or `closed`, and a number."""
        self._files = LogFiles(folder, max_file_bytes, files)
        self._max_waiting_bytes, self._on_lost = max_waiting_bytes, on_lost
        self._write_every_s, self._try_again_s = write_every_s, try_again_s
        self._waiting: list[bytes] = []
        self._writing = 0
        self._bytes = 0
        self._is_refused = False
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="prediction log", daemon=True)
        self._thread.start()

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the lines that are not in a file yet."""
        return self._bytes

    def append(self, prediction: LoggedPrediction) -> None:
        """Queue one prediction, or count it as lost if too much waits already; never waits for the disk, never fails."""
        line = json.dumps(marked(forms.PREDICTION, prediction.as_json()), separators=(",", ":")).encode() + b"\n"
        with self._changed:
            is_room = not self._closing.is_set() and self._bytes + len(line) <= self._max_waiting_bytes
            if is_room:
                self._waiting.append(line)
                self._bytes += len(line)
        if not is_room:
            self._on_lost("full", 1)

    def flush(self, within_s: float = 10.0) -> bool:
        """Wait until all that was queued before is in the files; False if the disk did not take it in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._writing, within_s)

    def close(self) -> None:
        """Write what waits, once more, and close the file; what the disk refuses even then is lost and counted."""
        self._closing.set()
        self._thread.join()
        self._files.close()
        with self._changed:
            lost, self._waiting = len(self._waiting) + self._files.is_torn, []
        if lost:
            logger.error("the prediction log is closed without its last %d lines, which its disk refused", lost)
            self._on_lost("closed", lost)

    def _run(self) -> None:
        pause_s = self._write_every_s
        while not self._closing.wait(pause_s):
            pause_s = self._write_every_s if self._write() else self._try_again_s
        self._write()

    def _write(self) -> bool:
        """Write the waiting lines; put back those that the disk refused, and return False."""
        with self._changed:
            lines, self._waiting = self._waiting, []
            self._writing = len(lines)
        written, why = self._files.append(lines)
        with self._changed:
            self._waiting[:0] = lines[written:]
            self._bytes -= sum(map(len, lines[:written]))
            self._writing = 0
            self._changed.notify_all()
        self._tell(why)
        return not why

    def _tell(self, why: str) -> None:
        """Say once that the disk refuses the log, and once that it takes it again."""
        if why and not self._is_refused:
            logger.error("the prediction log is not written, and tried again every %g s: %s", self._try_again_s, why)
        if self._is_refused and not why:
            logger.warning("the prediction log is written again")
        self._is_refused = bool(why)
