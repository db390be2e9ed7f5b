"""The agent: looks at each frame of its input, keeps some, and sends them in a second thread."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import cv2

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.asked_for import AskedFor
from pipeline_tasks.edge.backbone_file import BackboneFile
from pipeline_tasks.edge.capture import open_input
from pipeline_tasks.edge.frame import Frame
from pipeline_tasks.edge.keeping import Decision, Keeping
from pipeline_tasks.edge.kept_images import KeptImages
from pipeline_tasks.edge.outbox import Outbox
from pipeline_tasks.edge.ratio_threshold import RatioThreshold
from pipeline_tasks.edge.receiver_client import ReceiverClient
from pipeline_tasks.edge.scene_change import SceneChange
from pipeline_tasks.edge.sending import Sender
from pipeline_tasks.edge.settings import EdgeSettings
from pipeline_tasks.edge.where import Where
from pipeline_tasks.json_values import Json
from pipeline_tasks.sent_images.image_note import ImageNote

logger = logging.getLogger(__name__)
_SAVE_EVERY_S = 60.0
_THRESHOLD = "threshold"


class Agent:
    """One agent with its state on the disk."""

    def __init__(self, settings: EdgeSettings, stop: threading.Event) -> None:
        """Open everything, so that a wrong setting is said at once.

        Raises:
            SettingsError: a file of the settings cannot be used.
            StorageError: the state cannot be opened.
        """
        # The agent shares a small machine with other programs; one core serves it.
        cv2.setNumThreads(1)
        keep = settings.keep
        self._settings, self._stop = settings, stop
        self._client = ReceiverClient(settings.device, settings.receiver)
        backbone = BackboneFile(keep.backbone)
        asked_for = None if settings.asked_for is None else AskedFor(settings.asked_for)
        self._state = AgentState(settings.folder)
        self._threshold = None
        if keep.target_ratio is not None:
            self._threshold = RatioThreshold(keep.target_ratio, keep.step, keep.min_distance, self._state.figure(_THRESHOLD))
        self._kept_path, self._backbone_id = settings.folder / "kept.npz", backbone.digest
        self._kept = KeptImages.load(self._kept_path, keep.memory_images, self._backbone_id)
        change = SceneChange(keep.min_change)
        self._keeping = Keeping(backbone, self._kept, change, keep.min_distance, self._threshold, asked_for)
        self._outbox = Outbox(settings.folder / "outbox", settings.outbox, self._state)
        self._sender = Sender(self._client, self._outbox, self._state, settings.receiver, stop)
        self._input = open_input(settings.input, self._state, stop)
        self._where = Where(settings.position)

    def run(self, *, is_once: bool) -> Mapping[str, Json]:
        """Run until told to stop; with `is_once`, until what is there now is looked at and sent. Return the counts."""
        with ThreadPoolExecutor(1, "send") as threads:
            sending = threads.submit(self._sender.run)
            # Without its sender an agent would fill the disk and say nothing.
            sending.add_done_callback(lambda _: self._stop.set())
            try:
                self._look_at_all(is_once=is_once)
                while is_once and len(self._outbox) and not self._stop.is_set():
                    self._stop.wait(0.05)
            finally:
                self._stop.set()
            sending.result()
        counts = self.counts()
        self._state.close()
        return counts

    def _look_at_all(self, *, is_once: bool) -> None:
        saved_at = time.monotonic()
        for frame in self._input.frames(is_once=is_once):
            self._look(frame)
            if time.monotonic() - saved_at > _SAVE_EVERY_S:
                self._save()
                saved_at = time.monotonic()
        self._save()

    def counts(self) -> Mapping[str, Json]:
        """All counts, and the images that wait."""
        return {**self._state.counts(), "waiting": len(self._outbox)}

    def _look(self, frame: Frame) -> None:
        decision = self._keeping.judge(frame.pixels)
        if decision.kept_because is None:
            self._state.count(f"not_kept_{decision.why_not}")
            return
        content = frame.content if frame.content is not None else _as_jpeg(frame, self._settings.input.jpeg_quality)
        if self._outbox.add(self._note(frame, content, decision), content):
            self._state.count(f"kept_{decision.kept_because}")
            self._keeping.remember(decision)
            if decision.unit is not None:
                self._kept.write_down(decision.unit, self._kept_path, self._backbone_id)

    def _note(self, frame: Frame, content: bytes, decision: Decision) -> ImageNote:
        assert decision.kept_because is not None
        latitude_deg, longitude_deg = self._where.now() if frame.captured_at is not None else (None, None)
        wish = decision.wish
        return ImageNote(
            image_id=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            device=self._settings.device,
            kept_because=decision.kept_because,
            name=frame.name,
            captured_at=frame.captured_at,
            modified_at=frame.modified_at,
            clip=frame.clip,
            clip_time_s=frame.clip_time_s,
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
            exposure_s=frame.exposure_s,
            distance=decision.distance,
            asked_for=None if wish is None else wish.name,
            score=None if wish is None else wish.score,
            model_digest=None if wish is None else wish.model_digest,
        )

    def _save(self) -> None:
        self._kept.save(self._kept_path, self._backbone_id)
        if self._threshold is not None:
            self._state.set_figure(_THRESHOLD, self._threshold.value)
        logger.info("%s", self.counts())


def _as_jpeg(frame: Frame, quality: int) -> bytes:
    is_fine, content = cv2.imencode(".jpg", frame.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert is_fine
    return bytes(content)
