"""Follower of the serving pointer: loads and verifies the models it names before the swap, and keeps the old ones on failure.

A challenger or shadow that cannot be used is left out; only the champion's failure keeps the old models.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from pipeline_tasks.errors import ModelError, NightlensError
from pipeline_tasks.serving.last_good import LastGood
from pipeline_tasks.serving.loaded_model import LoadedModel, load_model
from pipeline_tasks.serving.served import Served
from pipeline_tasks.storage.blobs.serving_pointer import ServingPointer, parse_pointer
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore

ASK_EVERY_S = 1.0
TRY_REFUSED_AGAIN_S = 10.0
logger = logging.getLogger(__name__)


class Follower:
    """Holder of the served state; checks for a newer pointer once a second in its own thread."""

    def __init__(
        self,
        root: ObjectStore,
        last_good: LastGood,
        project: str,
        ask_every_s: float = ASK_EVERY_S,
        on_change: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        """Follow `root`; `on_change` is called with each outcome: `swapped`, `refused` or `left_out`."""
        self.served: Served | None = None
        self.refused = ""
        """The reason why the newest pointer was refused; empty if it is served."""
        self.left_out = ""
        """The reason why models beside the champion are not used; empty if all are."""
        self._root, self._last_good, self._project = root, last_good, project
        self._ask_every_s, self._on_change = ask_every_s, on_change
        self._seen_etag = ""
        self._try_again_at = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        """Serve the root's pointer, or the last good model if the root does not respond; then follow."""
        self.look()
        if self.served is None:
            self._serve_last_good()
        self._thread.start()

    def stop(self) -> None:
        """Stop following; the served state stays."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> None:
        """Check once, and swap if the pointer changed and all models that it names pass verification."""
        try:
            standing = self._root.read(layout.SERVING_POINTER)
        except (NightlensError, OSError):
            # No pointer yet, or the root does not respond: keep the served state and check again later.
            return
        is_whole = not (self.refused or self.left_out)
        if standing.etag == self._seen_etag and (is_whole or time.monotonic() < self._try_again_at):
            return
        self._seen_etag = standing.etag
        self._take(standing.content)

    def _take(self, content: bytes) -> None:
        """Swap to a pointer, or keep the served state and remember the reason."""
        self._try_again_at = time.monotonic() + TRY_REFUSED_AGAIN_S
        try:
            served, left_out = self._open(parse_pointer(content, layout.SERVING_POINTER), self._root)
        except (NightlensError, OSError) as error:
            self.refused = str(error)
            logger.error("kept the model that is served: %s", error)
            self._on_change("refused")
            return
        is_new = self.served is None or self.served.pointer != served.pointer
        # One assignment: running requests keep the old state, and its models are freed when the last of them ends.
        self.served, self.refused, self.left_out = served, "", " ".join(left_out)
        if left_out:
            logger.error("%s", self.left_out)
            self._on_change("left_out")
        if is_new:
            logger.info("serving %s, generation %d", served.pointer.champion_digest, served.pointer.generation)
            self._on_change("swapped")
            self._last_good.keep(served.pointer, self._root)

    def _open(self, pointer: ServingPointer, objects: ObjectStore) -> tuple[Served, list[str]]:
        """Open every model that the pointer names, and say which ones beside the champion cannot be used."""
        if pointer.project != self._project:
            raise NightlensError(f"{layout.SERVING_POINTER}: wanted project {self._project}, found {pointer.project}")
        champion = self._opened(pointer.champion_digest, objects)
        if champion.kind.vocabulary != pointer.vocabulary:
            found = champion.kind.vocabulary
            raise NightlensError(f"{layout.SERVING_POINTER}: wanted classes {pointer.vocabulary}, the model has {found}")
        models, routes, left_out = {champion.digest: champion}, [], []
        for route in pointer.routes:
            try:
                if route.model_digest not in models:
                    models[route.model_digest] = _like(champion, self._opened(route.model_digest, objects))
                routes.append(route)
            except (NightlensError, OSError) as error:
                left_out.append(f"The {route.role} {route.model_digest} is left out: {error}.")
        return Served(replace(pointer, routes=tuple(routes)), models), left_out

    def _opened(self, digest: str, objects: ObjectStore) -> LoadedModel:
        """A verified model; one that is already served is not opened again."""
        standing = self.served.models.get(digest) if self.served else None
        return standing or load_model(objects.read(layout.model(digest)).content, digest)

    def _serve_last_good(self) -> None:
        """Serve the state that was served when this server last ran."""
        try:
            pointer = self._last_good.pointer()
            if pointer is not None:
                self.served, _ = self._open(pointer, self._last_good.objects)
                logger.warning("the root has no serving pointer: serving the last good model, %s", pointer.champion_digest)
        except (NightlensError, OSError) as error:
            logger.error("the last good model cannot be used: %s", error)

    def _follow(self) -> None:
        while not self._stopping.wait(self._ask_every_s):
            self.look()


def _like(champion: LoadedModel, model: LoadedModel) -> LoadedModel:
    """The model, which must predict what the champion predicts.

    Raises:
        ModelError: it is of another label kind, or has other classes.
    """
    wanted, found = ((one.kind.name, one.kind.vocabulary) for one in (champion, model))
    if wanted != found:
        raise ModelError(f"wanted the champion's label kind and classes, {wanted}, found {found}")
    return model
