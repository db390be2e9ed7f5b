"""Ask for more labelled images like those of a found slice: the next selections reserve places for them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.ask_for_slice import AskForSliceSummary
from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.project_state import SliceRequest, SliceRequests
from pipeline_tasks.slice_search.matching import counted_slices
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.found_slice import FoundSlice

STAGE = "ask_for_slice"
CYCLE_KIND = "request"


def ask_for_slice(store: Store, opening: CycleOpening, number: int, images: int, of_cycle: str = "") -> AskForSliceSummary:
    """Record the request in a cycle of its own kind; it replaces an earlier one for the same slice, and 0 images withdraw that.

    `images` are wanted beside those that are labelled now.

    Raises:
        SettingsError: no such slice was found, or a negative number of images.
        CycleTakenError: another run owns this cycle_id.
    """
    standing = store.finished(check_cycle_id(opening.cycle_id), STAGE, AskForSliceSummary)
    if standing is not None:
        open_manual_cycle(store, opening, CYCLE_KIND)
        return standing
    if images < 0:
        raise SettingsError(f"--images: wanted 0 or more, found {images}")
    before, found_in = store.state().value(SliceRequests) or SliceRequests(), of_cycle or _newest(store)
    asked, there = before.of(found_in, number) or SliceRequest("", "", "", found_in, number, 0), 0
    if images:
        asked = _request(store, number, found_in)
        there = counted_slices(store, [asked])[0].labelled
    asked = replace(asked, images=there + images if images else 0)
    open_manual_cycle(store, opening, CYCLE_KIND)
    return store.finish(opening.cycle_id, STAGE, _summary(asked, there), sets=[before.with_one(asked)])


def _newest(store: Store) -> str:
    """The newest cycle that evaluated a model; empty if there is none."""
    evaluated = store.summaries(EvaluateModelSummary)
    return next((one for one, found in reversed(evaluated.items()) if not found.skipped), "")


def _request(store: Store, number: int, cycle_id: str) -> SliceRequest:
    """The found slice as a request for one image."""
    evaluated = store.find_summary(cycle_id, EvaluateModelSummary) if cycle_id else None
    found = [] if evaluated is None else evaluated.found_slices
    if not 1 <= number <= len(found):
        listed = "; ".join(f"{at}: {words}" for at, words in enumerate(found, 1)) or "none"
        raise SettingsError(f"--slice: wanted the number of a slice that cycle {cycle_id or '–'} found ({listed}), found {number}")
    row = store.read(FoundSlice, cycle_id).filter(pl.col("number") == number).row(0, named=True)
    return SliceRequest(row["words"], row["about"], row["value"], cycle_id, number, 1)


def _summary(asked: SliceRequest, there: int) -> AskForSliceSummary:
    if not asked.images:
        which = asked.words or f"slice {asked.number} of cycle {asked.cycle_id or '–'}"
        return AskForSliceSummary(asked.words, there, 0, f"No images of {which} are asked for.")
    why = (
        f"{asked.images} labelled images of {asked.words} are wanted; there are {there}. The next selections reserve places for "
        "such images (requirements.quota_ratio), and `requirements --to FILE` names them to whoever collects."
    )
    return AskForSliceSummary(asked.words, there, asked.images, why)
