"""Roll out the ledger's champion to the prediction server."""

from __future__ import annotations

from typing import Protocol

from pipeline_tasks.clients.prediction_server import Readiness
from pipeline_tasks.models.exported import read_marks
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.roll_out import RollOutSummary
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.blobs.serving_pointer import ServingPointer, pointer_to, replace_pointer
from pipeline_tasks.storage.history.store import Store

STAGE = "roll_out"
WAIT_S = 10.0
"""Seconds for the server to follow; it reads the pointer each second."""


class Server(Protocol):
    """Calls to the prediction server."""

    def wait_for(self, model_digest: str, within_s: float) -> Readiness | None:
        """Ask until the server serves this model or the time is up; None if it never responded."""
        ...


def roll_out(store: Store, cycle: Cycle, prediction_server: Server | None = None) -> RollOutSummary:
    """Point the server to the champion, even if it is not new, so that a lost pointer is repaired.

    Raises:
        CorruptObjectError: the champion's file was changed in the store.
    """
    standing = store.finished(cycle.cycle_id, STAGE, RollOutSummary)
    if standing is not None:
        return standing
    if store.state().champion is None:
        return store.finish(
            cycle.cycle_id, STAGE, RollOutSummary(skipped="There is no champion yet, so there is nothing to serve.")
        )
    pointer, is_changed = replace_pointer(store.objects, lambda: _wanted(store, cycle))
    server_digest, why = _asked(prediction_server, pointer.champion_digest)
    summary = RollOutSummary(None, pointer.champion_digest, pointer.generation, is_changed, server_digest, why)
    return store.finish(cycle.cycle_id, STAGE, summary)


def _wanted(store: Store, cycle: Cycle) -> ServingPointer:
    """The serving pointer that the ledger requires now."""
    champion = store.state().champion
    assert champion is not None  # Checked before, and a champion is never removed.
    marks = read_marks(read_model(store.objects, champion.model_digest))
    return pointer_to(champion, marks.kind.vocabulary, cycle.project)


def _asked(server: Server | None, model_digest: str) -> tuple[str | None, str]:
    """Digest of the served model, and a sentence about it."""
    if server is None:
        return None, "This project has no prediction server yet; it will follow when it is started."
    readiness = server.wait_for(model_digest, WAIT_S)
    if readiness is None:
        return None, f"The prediction server did not respond within {WAIT_S:g} s; it will follow when it is back."
    if readiness.model_digest != model_digest:
        return readiness.model_digest, f"The prediction server does not serve the champion after {WAIT_S:g} s: {readiness.why}"
    return readiness.model_digest, "The prediction server serves the champion."
