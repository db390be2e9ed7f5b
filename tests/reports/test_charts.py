"""Tests of the charts."""

from __future__ import annotations

from pipeline_tasks.reports.charts import LABEL_LETTERS, Figure, bars, intervals


def test_names_of_rows__that_do_not_fit_are_cut_and_whole_at_the_mouse() -> None:
    name = "device cam-7 north gate, second mast"
    for chart in (intervals([Figure(name, 0.5)]), bars([(name, 3, "")])):
        assert f"<title>{name}</title>{name[: LABEL_LETTERS - 1]}…</text>" in chart
    assert "<title>" not in intervals([Figure("x" * LABEL_LETTERS, 0.5)])
