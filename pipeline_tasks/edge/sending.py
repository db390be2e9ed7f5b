"""Sending of what waits, oldest first, with growing pauses while the receiver is away."""

from __future__ import annotations

import logging
import random
import threading

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.outbox import Outbox
from pipeline_tasks.edge.receiver_client import ReceiverClient, RefusedImageError, WaitError
from pipeline_tasks.edge.settings import ReceiverSettings

logger = logging.getLogger(__name__)
_MOST_TRIES_OF_A_DAMAGED_ONE = 3
_ON_THE_WAY = {"wrong_digest", "more_bytes_came"}
"""Refusals that may be the fault of the way: the image is sent again from its beginning."""


class Sender:
    """Sends in a thread of its own until told to stop."""

    def __init__(
        self, client: ReceiverClient, outbox: Outbox, state: AgentState, settings: ReceiverSettings, stop: threading.Event
    ) -> None:
        """Nothing is sent before `run`."""
        self._client, self._outbox, self._state, self._settings, self._stop = client, outbox, state, settings, stop
        self._failures, self._damaged = 0, 0
        self._random = random.Random()

    def run(self) -> None:
        """Send until the agent stops; an unsent image stays in the outbox."""
        while not self._stop.is_set():
            if not self.send_one():
                self._outbox.has_more.wait(0.2)
        self._client.close()

    def send_one(self) -> bool:
        """Send the oldest image, or wait after a failure; return False if none waits."""
        found = self._outbox.oldest()
        if found is None:
            return False
        name, waiting = found
        try:
            self._client.send(waiting)
        except RefusedImageError as error:
            self._refused(name, waiting.note.image_id, waiting.note.name, error)
        except WaitError as error:
            self._wait(error)
        else:
            self._failures, self._damaged = 0, 0
            self._outbox.remove(name)
            self._state.count("sent")
        return True

    def _refused(self, name: str, image_id: str, file_name: str | None, error: RefusedImageError) -> None:
        if error.reason in _ON_THE_WAY:
            self._damaged += 1
            if self._damaged < _MOST_TRIES_OF_A_DAMAGED_ONE:
                self._wait(WaitError(error.why))
                return
        self._damaged = 0
        logger.warning("image %s is refused and dropped: %s", image_id, error.why)
        self._outbox.remove(name)
        self._state.drop(image_id, file_name, error.reason, error.why)

    def _wait(self, error: WaitError) -> None:
        """Pause as long as the receiver asks, and for a drawn time, which doubles with each failure."""
        self._failures += 1
        longest = min(self._settings.longest_pause_s, self._settings.first_pause_s * 2 ** min(self._failures - 1, 30))
        pause_s = (error.retry_after_s or 0.0) + self._random.uniform(longest / 2, longest)
        if error.retry_after_s == 0.0:
            pause_s = 0.0
        self._state.count("send_failures")
        logger.warning("%s; the next try is in %.1f s", error, pause_s)
        self._stop.wait(pause_s)
