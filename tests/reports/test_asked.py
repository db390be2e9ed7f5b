"""The report's section on open tasks, the sources and Label Studio."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
from reports.test_process import DATA

from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.reminder import Reminder
from pipeline_tasks.reports.asked import section
from pipeline_tasks.tables.asked_change import AskedChange
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.lost_task import LostTask

COLLECTED = CollectAnnotationsSummary(0, 0, 0, 0, 0, 0, 0)


def test_section__names_files_of_asked_images_lost_tasks_and_foreign_ones() -> None:
    found = replace(COLLECTED, asked_changes={"deleted": 2, "back": 1}, foreign_tasks={"erased_image": 1, "by_hand": 7})
    changed = pl.DataFrame(
        {"source": ["inbox"] * 3, "key": ["a.jpg", "b.jpg", "c.jpg"], "image_id": list("abc"), "change": ["deleted"] * 2 + ["back"]}
    )
    foreign = pl.DataFrame(
        {"label_studio_project_id": [3], "label_studio_task_id": [12], "reason": ["erased_image"], "is_there": [True]}
    )
    lost = pl.DataFrame({"image_id": ["x"]})
    data = replace(DATA, records=CycleRecords((found,)), rows={AskedChange: changed, ForeignTask: foreign, LostTask: lost}.get)

    said = str(section(replace(data, files={"x": "inbox:lost.jpg"})))

    rows = [re.sub(r"<[^>]+>", "|", row) for row in said.split("<tr>")]
    assert "|deleted at the source, or left out by the settings||inbox:a.jpg, inbox:b.jpg||2|" in rows[2]
    assert "|back at the source||inbox:c.jpg||1|" in rows[3]
    assert "Tasks deleted in Label Studio: 1 (inbox:lost.jpg)." in said
    assert any("|shows an erased image: delete the task in Label Studio||/projects/3/data?task=12||1|" in row for row in rows)
    assert ">7<" in said, "those that were named in an earlier report are counted"


def test_section__says_that_all_sides_agree_and_is_absent_before_the_collection() -> None:
    assert "Label Studio has the tasks that were sent and no others" in str(
        section(replace(DATA, records=CycleRecords((COLLECTED,))))
    )
    assert section(replace(DATA, records=CycleRecords(()))) is None


def test_section__says_how_long_labeling_was_paused_and_who_was_reminded() -> None:
    told = Reminder("escalate", "2026-11-21T22:15:00+00:00", ["slack ops"], ["email a@b.org: OSError: refused"])
    said = str(section(replace(DATA, records=CycleRecords((COLLECTED,)), paused_s=5400.0, reminders=(told,))))

    assert "labeling was paused for 1.5 hours, which moved its deadline" in said
    assert "Escalated on 2026-11-21 22:15 UTC over slack ops (failed: email a@b.org: OSError: refused)." in said
