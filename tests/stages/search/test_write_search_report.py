"""Test of the page of a search."""

from __future__ import annotations

import pytest
from given_search import CYCLE, TRIALS, Search

from pipeline_tasks.stages.search.write_search_report import write_search_report
from pipeline_tasks.storage.blobs.report_files import read_report_file

pytestmark = pytest.mark.slow


def test_write_search_report__shows_trials_and_lines(undisturbed: Search) -> None:
    written = write_search_report(undisturbed.store, undisturbed.cycle)
    page = read_report_file(undisturbed.store.objects, CYCLE).decode()
    assert written.trials == TRIALS
    assert undisturbed.choose().yaml.splitlines()[1].strip() in page
    assert page.count("<svg") == 4
    assert "no test image was used" in page
