"""Tests that a person asks for images like those of a found slice, and that the next selection reserves places for them."""

from __future__ import annotations

import pytest
from given_candidates import GOOD
from stages.evaluate.test_found_slices import FIRST, a_night, evaluated
from stages.tend.test_pause_labeling import an_opening

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.project_state import SliceRequests
from pipeline_tasks.selection.quota import Lacking
from pipeline_tasks.slice_search.matching import counted_slices, standing_requests, wanted_slices
from pipeline_tasks.stages.tend.ask_for_slice import ask_for_slice
from pipeline_tasks.storage.history.store import Store


def test_ask_for_slice__stands_until_it_is_withdrawn(store: Store) -> None:
    evaluated(store, a_night(store, GOOD))

    asked = ask_for_slice(store, an_opening("2026-11-22T100000"), 1, 40)
    assert (asked.words, asked.there, asked.wanted) == ("device cam-0", 0, 40)
    assert wanted_slices(Store(store.objects)) == {"device cam-0": 40}
    (wanted,) = counted_slices(store, standing_requests(store))
    assert (wanted.name, wanted.short, wanted.unlabelled) == ("slice device cam-0", 40, 10)

    assert ask_for_slice(store, an_opening("2026-11-22T110000", hours=1), 1, 5, FIRST).wanted == 5
    withdrawn = ask_for_slice(store, an_opening("2026-11-22T120000", hours=2), 1, 0)
    assert withdrawn.why == "No images of device cam-0 are asked for."
    assert store.state().value(SliceRequests) == SliceRequests([])


def test_ask_for_slice__twice_in_one_cycle_is_one_event(store: Store) -> None:
    evaluated(store, a_night(store, GOOD))
    first = ask_for_slice(store, an_opening("2026-11-22T100000"), 1, 40)
    sequence = store.state().sequence

    assert ask_for_slice(store, an_opening("2026-11-22T100000"), 1, 40) == first
    assert store.state().sequence == sequence


def test_ask_for_slice__refuses_a_number_that_no_slice_has_and_lists_them(store: Store) -> None:
    evaluated(store, a_night(store, GOOD))

    with pytest.raises(SettingsError, match=r"cycle 2026-11-21 found \(1: device cam-0\), found 2"):
        ask_for_slice(store, an_opening("2026-11-22T100000"), 2, 40)
    with pytest.raises(SettingsError, match="wanted 0 or more, found -1"):
        ask_for_slice(store, an_opening("2026-11-22T100000"), 1, -1)


def test_ask_for_slice__before_any_evaluation_says_that_there_is_none(store: Store) -> None:
    with pytest.raises(SettingsError, match=r"that cycle – found \(none\), found 1"):
        ask_for_slice(store, an_opening("2026-11-22T100000"), 1, 40)


def test_lacking__reserves_half_of_the_picks_for_what_was_asked_of_slices(store: Store) -> None:
    lacking = Lacking(an_opening("2026-11-22T100000").project, {}, {"device cam-0": 40})

    assert lacking.quota(10, ()) == (5, {"slice": {"device cam-0": 40}})
