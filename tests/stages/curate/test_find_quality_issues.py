import pytest
from given import an_open_cycle
from given_images import AnImage, record

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.quality_issue import QualityIssue


def test_find_quality_issues__quarantines_a_blurred_image(store: Store) -> None:
    cycle = an_open_cycle(store)
    record(store, cycle.cycle_id, [AnImage("sharp", (1, 0)), AnImage("blurred", (0, 1), sharpness=3)])
    summary = find_quality_issues(store, cycle)
    assert (summary.images_judged, summary.images_quarantined, summary.issues_by_rule) == (2, 1, {"blurred": 1})
    assert find_quality_issues(store, cycle) == summary
    assert store.history(QualityIssue).height == 1


def test_find_quality_issues__of_a_night_without_images_finds_none(store: Store) -> None:
    cycle = an_open_cycle(store)
    record(store, cycle.cycle_id, [])
    assert find_quality_issues(store, cycle).images_judged == 0


def test_find_quality_issues__says_how_many_earlier_images_a_looser_limit_releases(store: Store) -> None:
    images = [AnImage("sharp", (1, 0)), AnImage("blurred", (0, 1), sharpness=3), AnImage("worse", (1, 1), sharpness=1)]
    first = an_open_cycle(store, "2026-11-21")
    record(store, "2026-11-21", images)
    find_quality_issues(store, first)
    released = []
    for cycle_id, limit in (("2026-11-22", 12), ("2026-11-23", 2), ("2026-11-24", 2)):
        cycle = an_open_cycle(store, cycle_id, quality={"min_sharpness": limit})
        record(store, cycle_id, [])
        released.append(find_quality_issues(store, cycle).images_released)

    assert released == [0, 1, 0]


def test_find_quality_issues__requires_the_images(store: Store) -> None:
    with pytest.raises(MissingStageError):
        find_quality_issues(store, an_open_cycle(store))
