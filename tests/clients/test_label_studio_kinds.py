"""Tests of objects of every label kind through a real Label Studio; `make drill-label-kinds` draws 1,000 of each."""

from __future__ import annotations

import pytest
from clients.label_studio_server import RealLabelStudio
from drills.label_kinds import differences
from kinds.given_objects import DRAWN, Drawn

from pipeline_tasks.storage.history.store import Store

pytestmark = pytest.mark.services


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_objects__of_people_without_errors_are_the_labels_in_all_8_orientations(
    drawn: Drawn, label_studio_server: RealLabelStudio, disk_store: Store
) -> None:
    assert differences(drawn, 8 if drawn.is_one_an_image else 40, label_studio_server, disk_store) == []
