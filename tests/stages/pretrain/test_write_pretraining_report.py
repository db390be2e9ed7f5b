"""Test of the page of a pretraining."""

from __future__ import annotations

import pytest
from given_pretraining_cycle import CYCLE, Pretraining

from pipeline_tasks.stages.pretrain.write_pretraining_report import write_pretraining_report
from pipeline_tasks.storage.blobs.report_files import read_report_file

pytestmark = pytest.mark.slow


def test_write_pretraining_report__shows_gain_lines_losses_and_reasons(undisturbed: Pretraining) -> None:
    write_pretraining_report(undisturbed.store, undisturbed.cycle)
    page = read_report_file(undisturbed.store.objects, CYCLE).decode()
    assert f"pretrained: {undisturbed.probe().pretrained}" in page
    assert f"{undisturbed.train().losses[-1]:.4f}" in page
    assert "no test image was used" in page
    assert "in a test or validation split" in page
