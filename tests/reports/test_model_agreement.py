"""The report's section on predictions that people saw before they annotated."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from reports.test_process import DATA

from pipeline_tasks.intervals.proportions import share_difference
from pipeline_tasks.intervals.resampled import Estimate
from pipeline_tasks.kinds.model_agreement import ArmAgreement, ModelAgreement
from pipeline_tasks.kinds.object_changes import ObjectChanges
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.reports.model_agreement import section

SENT = SendToLabelingSummary("parts-2026-11-21", "c" * 64, 100, 100, "2026-11-22T06:00:00+00:00")
ARMS = {"blind": 30, "hidden": 30, "nothing": 10, "shown": 30}


def said_of(sent: SendToLabelingSummary, found: ModelAgreement | None = None) -> str:
    data = replace(DATA, records=CycleRecords((sent,)), model_agreement=found)
    return unescape(re.sub(r"<[^>]+>", "|", str(section(data))))


def an_agreement(shown: int, hidden: int) -> ModelAgreement:
    """Of 30 images each, so many agree with the champion."""
    changes = ObjectChanges(added=2, removed=1, moved=3)
    arms = {
        "shown": ArmAgreement(30, shown, shown - 1, changes, (3.0, 4.0, 5.0)),
        "hidden": ArmAgreement(30, hidden, 0, ObjectChanges(), (8.0,)),
    }
    effect = share_difference((shown / 30, 30), (hidden / 30, 30), 0.95)
    return ModelAgreement(arms, 0.95, effect, Estimate(4.0, 1.5, 6.0))


def test_section__says_if_people_follow_what_they_see() -> None:
    said = said_of(replace(SENT, pre_annotated=ARMS), an_agreement(30, 18))

    assert "Of the 100 images of this round, 30 showed the champion's prediction" in said
    assert "|prediction shown||30||100.0 % (88.6 % to 100.0 %)||29||4.0|" in said
    assert (
        "agreed with it +40.0 (+20.9 to +57.7) points more often (95 % interval in brackets). People follow what they see" in said
    )
    assert "Seeing it saved +4.0 s an image, by the medians (+1.5 to +6.0 s)." in said
    assert "2 added, 1 removed, 3 moved, 0 renamed" in said


def test_section__calls_a_small_difference_not_significant() -> None:
    assert "The difference is not significant" in said_of(replace(SENT, pre_annotated=ARMS), an_agreement(28, 26))


def test_section__says_why_there_are_no_predictions_and_is_absent_for_nights_of_earlier_releases() -> None:
    why = "Nobody sees predictions: there is no champion yet."

    assert said_of(replace(SENT, why_no_pre_annotations=why)) == f"|{why}|"
    assert said_of(replace(SENT, pre_annotated=ARMS)).endswith("None of these images has been annotated yet.|")
    assert section(replace(DATA, records=CycleRecords((SENT,)))) is None
