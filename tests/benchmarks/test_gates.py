"""Test of the benchmark of the gate, at a size that shows nothing but that it runs."""

from __future__ import annotations

import pytest

from benchmarks.gates import main


def test_gates__prints_each_question_beside_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--nights", "2", "--sizes", "60", "--disagreement", "0.1"])

    said = capsys.readouterr().out
    assert "60 test images, models disagree on 10 %" in said
    assert "equal, margin 0: promoted" in said
    assert ", at most 5 %: " in said
    assert "3 points better, margin 0: promoted" in said
    assert "test images are needed to see 3 points" in said
