"""Tests of generated bad files, and of Pillow's own test files: the right verdict for each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import given
import pytest
from decoding.bad_files import BadFile, bad_files
from decoding.verdicts import reviewed, verdict_of
from small_ingest import ingest, put_files

from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.rejected_sighting import REASONS, RejectedSighting

FEW_FRAMES = 60
FILES: list[BadFile] = list(bad_files(FEW_FRAMES))


def test_bad_files__have_the_right_verdict_each() -> None:
    found = {one.name: verdict_of(one.content, NEWEST.small)[0] for one in FILES}

    assert found == {one.name: one.verdict for one in FILES}


def test_bad_files__are_of_every_kind() -> None:
    verdicts = Counter(one.verdict for one in FILES)

    assert len({one.name for one in FILES}) == len(FILES)
    assert verdicts.total() - verdicts["image"] >= 160
    assert set(verdicts) <= {*REASONS, "image"}


@pytest.mark.slow
def test_pillows_files__have_the_reviewed_verdict() -> None:
    files = sorted(given.real_data("hostile", "pillow").iterdir())
    wanted = reviewed()

    assert {file.name for file in files} == set(wanted)
    for file in files:
        row = wanted[file.name]
        for form in (NEWEST, NEWEST.small):
            assert verdict_of(file.read_bytes(), form) == (row.verdict, row.image), file.name


@pytest.mark.slow
def test_good_files__all_get_in_beside_bad_ones(store: Store, tmp_path: Path) -> None:
    good = {f"good/{one.name}": one.content for one in FILES if one.verdict == "image"}
    bad = {f"bad/{one.name}": one.content for one in FILES if one.verdict != "image"}
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, good | bad)

    summary = ingest(store, cycle, tmp_path)

    rejected = store.read(RejectedSighting, cycle.cycle_id)
    assert (summary.sightings, summary.rejected) == (len(good), len(bad))
    wanted = {f"bad/{one.name}": one.verdict for one in FILES if one.verdict != "image"}
    assert dict(zip(rejected["key"], rejected["reason"].cast(str), strict=True)) == wanted
