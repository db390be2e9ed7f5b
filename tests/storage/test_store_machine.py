"""Test of the store against a model of plain dictionaries, with operations in any order; `make drill-properties` at full size."""

from __future__ import annotations

import pytest
from drills import properties


@pytest.mark.slow
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_store__equals_its_model_after_any_sequence_of_rules(where: str) -> None:
    properties.play(where, examples=8, steps=15)
